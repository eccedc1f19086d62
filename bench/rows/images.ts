import { HttpClient } from "../load/http-client.ts";
import { Bodies, type Body, pushBlob } from "../load/push.ts";
import { percentiles, type Row } from "../row.ts";
import { LAYER_BYTES, OCI_MANIFEST, toStored } from "../seed/content.ts";

const CLIENTS = 16;
const PUSHES_EACH = 3;
const PULLS_EACH = 12;

/** Repositories that the clients push to. */
export const pushRepositories: readonly string[] = Array.from(
	{ length: CLIENTS },
	(_, index) => `team/client-${index}`,
);

const image = [2048, ...LAYER_BYTES].map((size) => new Bodies(size));

/** Pushes an image as docker does: HEAD, POST, PATCH and PUT for each blob, then the manifest. */
const pushImage = async (client: HttpClient, repository: string, tag: string): Promise<void> => {
	const blobs = image.map((bodies) => bodies.next());
	for (const blob of blobs) {
		await client.send("HEAD", `/v2/${repository}/blobs/${blob.digest}`, 404);
		await pushBlob(client, repository, blob, "chunked");
	}
	const [config, ...layers] = blobs.map(descriptor);
	const { bytes } = toStored(
		Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers })),
	);
	await client.send("PUT", `/v2/${repository}/manifests/${tag}`, 201, [bytes], { "content-type": OCI_MANIFEST });
};

const descriptor = ({ digest, size }: Body): object => ({ mediaType: "application/octet-stream", digest, size });

const pushRow: Row = {
	name: "image-push",
	title: "Push image of 5.3 MiB in 5 blobs, 16 clients",
	unit: "image",
	// Before anything is measured, every directory was in use once.
	seeds: ["small"],
	applies: ({ kind }) => kind !== "nginx",
	measure: async ({ port, authorization }) => {
		const latencies: number[] = [];
		const start = performance.now();
		const clients = pushRepositories.map(async (repository) => {
			using client = new HttpClient(port, authorization);
			for (let index = 0; index < PUSHES_EACH; index++) {
				const began = performance.now();
				await pushImage(client, repository, `t${index}`);
				latencies.push(performance.now() - began);
			}
		});
		await Promise.all(clients);
		return { amount: latencies.length, seconds: (performance.now() - start) / 1000, ...percentiles(latencies) };
	},
	targets: [
		{ against: "docker-registry", ratio: 1.5 },
		{ against: "others", ratio: 1 },
	],
};

const pullRow: Row = {
	name: "image-pull",
	title: "Pull image of 5.3 MiB in 5 blobs, 16 clients",
	unit: "image",
	seeds: ["images"],
	remark: "p50 and p99 are of single requests",
	applies: () => true,
	measure: async ({ port, authorization }, { puller, seeded }) => {
		const { repository = "", manifests = [], blobs = [] } = seeded.images ?? {};
		const perImage = blobs.length / manifests.length;
		const paths = manifests.map(({ tags }, index) => [
			`/v2/${repository}/manifests/${tags[0]}`,
			...blobs.slice(index * perImage, (index + 1) * perImage).map(({ digest }) => `/v2/${repository}/blobs/${digest}`),
		]);
		const connections = Array.from({ length: CLIENTS }, (_, client) =>
			Array.from({ length: PULLS_EACH }, (__, index) => paths[(client + index) % paths.length] ?? []).flat(),
		);
		const { seconds, latencies } = await puller.pull({ port, authorization, connections });
		return { amount: CLIENTS * PULLS_EACH, seconds, ...percentiles(latencies) };
	},
	targets: [{ against: "others", ratio: 1 }],
};

/** Whole images. */
export const imageRows: readonly Row[] = [pushRow, pullRow];
