import { percentiles, type Row } from "../row.ts";

const row = (
	name: string,
	title: string,
	{ connections, each }: { readonly connections: number; readonly each: number },
	targets: Row["targets"],
): Row => ({
	name,
	title,
	unit: "GB",
	seeds: ["large"],
	applies: () => true,
	measure: async ({ port, authorization }, { puller, seeded }) => {
		const digest = seeded.large?.blobs[0]?.digest;
		const paths = Array.from({ length: each }, () => `/v2/${seeded.large?.repository}/blobs/${digest}`);
		const job = { port, authorization, connections: Array.from({ length: connections }, () => paths) };
		const { seconds, bytes, latencies } = await puller.pull(job);
		return { amount: bytes / 1e9, seconds, ...percentiles(latencies) };
	},
	targets,
});

/** Layers on their way to a node. */
export const largeRows: readonly Row[] = [
	row("blob-large", "GET blob of 256 MiB, alone", { connections: 1, each: 4 }, [
		{ against: "docker-registry", ratio: 1.3 },
		{ against: "nginx", ratio: 1 },
		{ against: "others", ratio: 1 },
	]),
	row("blob-large-16", "GET blob of 256 MiB, 16 at once", { connections: 16, each: 1 }, [
		{ against: "docker-registry", ratio: 1.1 },
		{ against: "others", ratio: 1 },
	]),
];
