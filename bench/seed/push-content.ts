import { HttpClient } from "../load/http-client.ts";
import type { Server } from "../servers/server.ts";
import type { Content } from "./content.ts";

/** Connections that push at once. */
const CONNECTIONS = 32;
/** Tags that one push sets. */
const TAGS_AT_ONCE = 100;

/** Pushes content through Limani's API. @param authorization that may push everywhere */
export const pushContent = async (
	{ port }: Server,
	contents: readonly Content[],
	authorization: string,
): Promise<void> => {
	await runAll(
		contents.flatMap((content) => blobPushes(content)),
		port,
		authorization,
	);
	await runAll(
		contents.flatMap((content) => manifestPushes(content)),
		port,
		authorization,
	);
};

type Push = (client: HttpClient) => Promise<unknown>;

const blobPushes = ({ repository, blobs }: Content): readonly Push[] =>
	blobs.map(
		({ digest, bytes }) =>
			(client) =>
				client.send("POST", `/v2/${repository}/blobs/uploads/?digest=${digest}`, 201, [bytes]),
	);

const manifestPushes = ({ repository, manifests }: Content): readonly Push[] =>
	manifests.flatMap(({ digest, mediaType, bytes, tags }) => {
		const path = `/v2/${repository}/manifests/${digest}`;
		const headers = { "content-type": mediaType };
		return inGroups(tags).map((group): Push => {
			const query = group.length === 0 ? "" : `?${group.map((tag) => `tag=${tag}`).join("&")}`;
			return (client) => client.send("PUT", path + query, 201, [bytes], headers);
		});
	});

const inGroups = (tags: readonly string[]): readonly (readonly string[])[] =>
	Array.from({ length: Math.max(1, Math.ceil(tags.length / TAGS_AT_ONCE)) }, (_, group) =>
		tags.slice(group * TAGS_AT_ONCE, (group + 1) * TAGS_AT_ONCE),
	);

const runAll = async (pushes: readonly Push[], port: number, authorization: string): Promise<void> => {
	const queue = pushes.values();
	const lane = async (): Promise<void> => {
		using client = new HttpClient(port, authorization);
		for (const push of queue) await push(client);
	};
	await Promise.all(Array.from({ length: CONNECTIONS }, lane));
};
