import { runWrk } from "../load/wrk.ts";
import { percentiles, type Row, type Target } from "../row.ts";
import type { Content } from "../seed/content.ts";

const TARGETS: readonly Target[] = [
	{ against: "docker-registry", ratio: 15 },
	{ against: "nginx", ratio: 0.4 },
	{ against: "others", ratio: 1 },
];

const CONNECTIONS = 32;

const row = (name: string, title: string, pathsOf: (content: Content) => string[]): Row => ({
	name,
	title: `${title}, 32 connections`,
	unit: "req",
	seeds: ["small"],
	applies: () => true,
	measure: async ({ port, authorization }, { wrk, seconds, seeded }) => {
		const paths = seeded.small === undefined ? [] : pathsOf(seeded.small);
		const result = await runWrk({ program: wrk, port, authorization, paths, seconds });
		return { ...result, amount: result.requests };
	},
	targets: TARGETS,
});

const byTag = ({ repository, manifests }: Content): string[] =>
	manifests.flatMap(({ tags }) => tags.map((tag) => `/v2/${repository}/manifests/${tag}`));

/** wrk waits for the body of an answer to HEAD, which never comes. */
const headRow: Row = {
	name: "manifest-head",
	title: "HEAD manifest by tag, 32 connections",
	unit: "req",
	seeds: ["small"],
	applies: () => true,
	measure: async ({ port, authorization }, { puller, seconds: wanted, seeded }) => {
		const paths = seeded.small === undefined ? [] : byTag(seeded.small).slice(0, CONNECTIONS);
		const connections = paths.map((path) => [path]);
		const job = { port, authorization, method: "HEAD", connections, forMs: wanted * 1000 } as const;
		const { seconds, latencies } = await puller.pull(job);
		return { amount: latencies.length, seconds, ...percentiles(latencies) };
	},
	targets: TARGETS,
};

const byDigest = ({ repository, manifests }: Content): string[] =>
	manifests.map(({ digest }) => `/v2/${repository}/manifests/${digest}`);

const blobs = (content: Content): string[] =>
	content.blobs.map(({ digest }) => `/v2/${content.repository}/blobs/${digest}`);

/** Requests that clusters make all day. */
export const smallRows: readonly Row[] = [
	row("manifest-tag", "GET manifest of 1.5 KB by tag", byTag),
	row("manifest-digest", "GET manifest of 1.5 KB by digest", byDigest),
	headRow,
	row("blob-small", "GET blob of 4 KiB", blobs),
];
