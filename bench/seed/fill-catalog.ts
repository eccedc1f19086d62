import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { openSqlite } from "#/metadata/sqlite/index.ts";
import { parseDigest } from "#/oci/digest.ts";
import type { Content } from "./content.ts";

const AT_ONCE = 1000;

/**
 * Puts the manifests of many repositories into the metadata of a registry that does not run: with its own commands, but
 * without a request for each.
 *
 * @param directory the registry's data directory; the projects must be there
 */
export const fillCatalog = async (directory: string, contents: readonly Content[]): Promise<void> => {
	const warn = (message: string, error: unknown): void => console.error(message, error);
	await using metadata = new SqlMetadata(await openSqlite({ directory }, { warn }));
	const puts = contents.flatMap(({ repository, manifests }) =>
		manifests.map((manifest) => () => put(metadata, repository, manifest)),
	);
	for (let at = 0; at < puts.length; at += AT_ONCE) {
		await Promise.all(puts.slice(at, at + AT_ONCE).map((run) => run()));
	}
};

const put = async (
	metadata: SqlMetadata,
	repository: string,
	{ digest: text, mediaType, bytes, tags }: Content["manifests"][number],
): Promise<void> => {
	const digest = parseDigest(text);
	if (digest === undefined) throw new Error(`${text} is no digest`);
	const outcome = await metadata.manifests.put({
		repository,
		digest,
		mediaType,
		artifactType: undefined,
		payload: bytes,
		annotations: undefined,
		blobs: [],
		config: undefined,
		children: [],
		subject: undefined,
		tags,
		condition: undefined,
		actor: "bench",
	});
	if ("refused" in outcome) throw new Error(JSON.stringify(outcome));
};
