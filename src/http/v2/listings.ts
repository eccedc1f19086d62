import { json, type Reply } from "#/http/reply.ts";
import type { ReferrerRow } from "#/metadata/manifests.ts";
import { OciError } from "#/oci/error.ts";
import { OCI_INDEX } from "#/oci/media-types.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import type { V2Context } from "./context.ts";
import { linkIfMore, parsePage } from "./paging.ts";

/** `GET /v2/_catalog`. */
export const getCatalog = async (context: V2Context): Promise<Reply> => {
	const { registry, access, query, signal } = context;
	const page = parsePage(query);
	const scope = await access.catalog(signal);
	if (scope === undefined) throw new OciError("DENIED", { detail: "listing the catalog needs registry:catalog:*" });
	const { repositories, more } = await registry.catalog(scope, page, signal);
	return json(200, { repositories }, linkIfMore("/v2/_catalog", query, page.limit, more, repositories.at(-1)));
};

/** `GET /v2/<name>/tags/list`. */
export const getTags = async (
	context: V2Context,
	{ repository }: Extract<V2Endpoint, { kind: "tags" }>,
): Promise<Reply> => {
	const { registry, query, signal } = context;
	const page = parsePage(query);
	const { tags, more } = await registry.manifests.tags(repository, page, signal);
	return json(
		200,
		{ name: repository, tags },
		linkIfMore(`/v2/${repository}/tags/list`, query, page.limit, more, tags.at(-1)),
	);
};

/** `GET /v2/<name>/referrers/<digest>`. */
export const getReferrers = async (
	context: V2Context,
	{ repository, digest }: Extract<V2Endpoint, { kind: "referrers" }>,
): Promise<Reply> => {
	const { registry, query, signal } = context;
	const page = parsePage(query);
	const artifactType = query.get("artifactType") || undefined;
	const { referrers, more } = await registry.manifests.referrers(repository, digest, { ...page, artifactType }, signal);
	const reply = json(200, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: referrers.map(toDescriptor) });
	const link = linkIfMore(`/v2/${repository}/referrers/${digest}`, query, page.limit, more, referrers.at(-1)?.digest);
	return {
		...reply,
		headers: [
			"Content-Type",
			OCI_INDEX,
			...link,
			...(artifactType === undefined ? [] : ["OCI-Filters-Applied", "artifactType"]),
		],
	};
};

const toDescriptor = ({ mediaType, digest, size, artifactType, annotations }: ReferrerRow): object => ({
	mediaType,
	digest,
	size,
	artifactType,
	annotations,
});
