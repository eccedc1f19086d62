import { empty, type Reply } from "#/http/reply.ts";
import { OciError } from "#/oci/error.ts";
import { MAX_MANIFEST_BYTES } from "#/oci/manifest.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import { formatReference } from "#/oci/reference.ts";
import { isTag } from "#/oci/tag.ts";
import { assertMatch, etagOf, isNotModified, parseTagCondition } from "./conditions.ts";
import type { V2Context } from "./context.ts";

type ManifestPath = Extract<V2Endpoint, { kind: "manifest" }>;

/** More tags than this in one push are refused. */
const MAX_TAGS = 100;

/** `GET` and `HEAD /v2/<name>/manifests/<reference>`. */
export const getManifest = async (context: V2Context, path: ManifestPath): Promise<Reply> => {
	const { registry, request, signal } = context;
	const { repository, reference } = path;
	if (request.method === "HEAD") {
		const { digest, mediaType, size } = await registry.manifests.head(repository, reference, signal);
		assertMatch(request.headers, digest);
		if (isNotModified(request.headers, digest)) return empty(304, headersOf(path, digest));
		return {
			status: 200,
			headers: [...headersOf(path, digest), "Content-Type", mediaType, "Content-Length", String(size)],
		};
	}
	const { digest, mediaType, payload, repositoryId } = await registry.manifests.get(repository, reference, signal);
	assertMatch(request.headers, digest);
	if (isNotModified(request.headers, digest)) return empty(304, headersOf(path, digest));
	registry.pulled({ repositoryId, digest });
	return { status: 200, headers: [...headersOf(path, digest), "Content-Type", mediaType], body: payload };
};

/** A tag moves, so that its answer is to be asked for again each time; a digest's never changes. */
const headersOf = (path: ManifestPath, digest: string): readonly string[] => [
	"Docker-Content-Digest",
	digest,
	"ETag",
	etagOf(digest),
	"Cache-Control",
	path.reference.kind === "tag" ? "no-cache" : "max-age=31536000, immutable",
];

/** `PUT /v2/<name>/manifests/<reference>[?tag=…]`. */
export const putManifest = async (context: V2Context, path: ManifestPath): Promise<Reply> => {
	const { registry, request, access, signal } = context;
	const { repository, reference } = path;
	const tags = context.query.getAll("tag");
	checkTags(tags);
	if (Number(request.headers["content-length"] ?? 0) > MAX_MANIFEST_BYTES) throw new OciError("MANIFEST_TOO_LARGE");
	const {
		digest,
		subject,
		tags: accepted,
	} = await registry.manifests.put(
		{
			repository,
			reference,
			tags,
			contentType: request.headers["content-type"],
			condition: parseTagCondition(request.headers),
			actor: access.actor,
		},
		context.body(),
		signal,
	);
	const location = `/v2/${repository}/manifests/${reference.kind === "digest" ? formatReference(reference) : digest}`;
	return empty(201, [
		"Location",
		location,
		"Docker-Content-Digest",
		digest,
		"ETag",
		etagOf(digest),
		...(subject === undefined ? [] : ["OCI-Subject", subject]),
		...(tags.length === 0 ? [] : ["OCI-Tag", accepted.join(", ")]),
	]);
};

const checkTags = (tags: readonly string[]): void => {
	if (tags.length > MAX_TAGS) {
		throw new OciError("TAG_INVALID", {
			status: 414,
			detail: `tag: at most ${MAX_TAGS} in one push, got ${tags.length}`,
		});
	}
	const wrong = tags.find((tag) => !isTag(tag));
	if (wrong !== undefined) throw new OciError("TAG_INVALID", { detail: `tag: ${wrong.slice(0, 200)}` });
};

/** `DELETE /v2/<name>/manifests/<reference>`. */
export const deleteManifest = async (context: V2Context, path: ManifestPath): Promise<Reply> => {
	const { registry, request, access, signal } = context;
	const condition = parseTagCondition(request.headers);
	await registry.manifests.remove(path.repository, path.reference, condition, access.actor, signal);
	return empty(202);
};
