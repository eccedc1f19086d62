import { randomBytes } from "node:crypto";
import { ask } from "../../test/support/ha/ask.ts";
import type { HaReplicas } from "../../test/support/ha/world.ts";
import { ADMIN_AUTHORIZATION } from "../../test/support/limani-process.ts";
import { HttpClient } from "../load/http-client.ts";
import { Bodies, type Body, pushBlob } from "../load/push.ts";
import { OCI_MANIFEST, toStored } from "../seed/content.ts";
import type { Server } from "../servers/server.ts";

/** Equal processes that serve one registry. */
export interface Fleet {
	readonly name: string;
	readonly nodes: readonly [FleetNode, ...FleetNode[]];
	/** For all that is asked and pushed; absent where none is wanted. */
	readonly authorization: string | undefined;
	/** Commands and queries of metadata of all of them so far; absent where there is no database. */
	queries?(): Promise<number>;
}

/** One of them, on loopback. */
export interface FleetNode {
	readonly port: number;
	readonly pid: number;
}

/** What is asked for, by the row's name. */
export type Paths = Readonly<Record<"manifest-tag" | "manifest-digest" | "blob-small", string>>;

/** Where the benchmark pushes. */
const REPOSITORY = "team/bench";

const bodies = new Bodies(4096);

/** Replicas of Limani; a token is used for hours. */
export const fleetOf = async ({ replicas }: HaReplicas): Promise<Fleet> => {
	const [first, ...others] = replicas.map(({ port, pid = 0 }) => ({ port, pid }));
	if (first === undefined) throw new Error("no replica");
	const [{ url }] = replicas;
	const path = `/token?service=limani&scope=repository:${REPOSITORY}:pull,push`;
	const { body } = await ask(url, { method: "GET", path }, ADMIN_AUTHORIZATION);
	const { token }: { readonly token: string } = JSON.parse(String(body));
	return {
		name: "limani",
		nodes: [first, ...others],
		authorization: `Bearer ${token}`,
		queries: async () => {
			const texts = await Promise.all(replicas.map((each) => ask(each.url, { method: "GET", path: "/metrics" })));
			const counts = texts.flatMap(({ body: text }) => [
				...String(text).matchAll(/^limani_metadata_duration_seconds_count\{.*\} (\d+)$/gm),
			]);
			return counts.reduce((sum, [, count]) => sum + Number(count), 0);
		},
	};
};

/** As many processes of another registry, which share a bucket. */
export const peerFleetOf = (servers: readonly [Server, ...Server[]]): Fleet => ({
	name: servers[0].name,
	nodes: servers,
	authorization: servers[0].authorization,
});

/** Pushes what is pulled then. */
export const pushContent = async ({ nodes: [first], authorization }: Fleet): Promise<Paths> => {
	using client = new HttpClient(first.port, authorization);
	const { blob, manifest } = await pushImage(client, "v1");
	const base = `/v2/${REPOSITORY}`;
	return {
		"manifest-tag": `${base}/manifests/v1`,
		"manifest-digest": `${base}/manifests/${manifest}`,
		"blob-small": `${base}/blobs/${blob.digest}`,
	};
};

/** Pushes a blob of 4 KiB and a manifest of it. */
export const pushImage = async (
	client: HttpClient,
	tag: string,
): Promise<{ readonly blob: Body; readonly manifest: string }> => {
	const blob = bodies.next();
	await pushBlob(client, REPOSITORY, blob, "monolithic");
	const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: blob.digest, size: blob.size };
	const annotations = { note: randomBytes(8).toString("hex") };
	const text = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [], annotations });
	const { bytes, digest } = toStored(Buffer.from(text));
	await client.send("PUT", `/v2/${REPOSITORY}/manifests/${tag}`, 201, [bytes], { "content-type": OCI_MANIFEST });
	return { blob, manifest: digest };
};
