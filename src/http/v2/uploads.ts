import type { IncomingMessage } from "node:http";
import { empty, type Reply } from "#/http/reply.ts";
import type { Algorithm, Digest } from "#/oci/digest.ts";
import { parseDigest } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { isRepositoryName } from "#/oci/name.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import type { UploadStatus } from "#/registry/registry.ts";
import { ChallengeError } from "./challenge-error.ts";
import type { V2Context } from "./context.ts";
import { parseContentRange } from "./range.ts";

type UploadPath = Extract<V2Endpoint, { kind: "upload" }>;

/** `POST /v2/<name>/blobs/uploads/`, with `?mount=`, `?from=`, `?digest=` or `?digest-algorithm=`. */
export const startUpload = async (
	context: V2Context,
	{ repository }: Extract<V2Endpoint, { kind: "uploads" }>,
): Promise<Reply> => {
	const { registry, request, query, access, signal } = context;
	const outcome = await registry.uploads.start(
		{
			repository,
			actor: access.actor,
			mount: await mountOf(context, repository),
			digest: digestOf(query, "digest"),
			algorithm: algorithmOf(query),
			size: lengthOf(request),
		},
		context.body(),
		signal,
	);
	return outcome.kind === "blob"
		? created(repository, outcome.digest)
		: empty(202, positionOf(repository, outcome.upload));
};

/**
 * The source is readable or it is not told apart from one that does not have the blob. A token that was issued without
 * the source in view is sent back for one with it, as Docker's token flow has it for `from`.
 */
const mountOf = async (
	{ query, access, registry, signal }: V2Context,
	repository: string,
): Promise<{ readonly digest: Digest; readonly candidates: readonly string[] } | undefined> => {
	const digest = digestOf(query, "mount");
	if (digest === undefined) return undefined;
	const from = query.get("from");
	const sources = from === null ? await registry.blobs.holders(repository, digest, signal) : [from];
	const candidates: string[] = [];
	for (const source of sources) {
		if (!isRepositoryName(source)) continue;
		if (await access.allows("pull", source, signal)) candidates.push(source);
		else if (from === null ? await access.couldAllow("pull", source, signal) : !access.covers(source)) {
			const scope = `repository:${repository}:pull,push repository:${source}:pull`;
			throw new ChallengeError({ scope, error: "insufficient_scope" }, `the token does not cover ${source}`);
		}
	}
	return { digest, candidates };
};

/** `PATCH` of an upload: one chunk. */
export const appendChunk = async (context: V2Context, { repository, id }: UploadPath): Promise<Reply> => {
	const { registry, signal } = context;
	const range = await rangeOf(context, { repository, id });
	const upload = await registry.uploads.append({ repository, id, range }, context.body(), signal);
	return empty(202, positionOf(repository, upload));
};

/** `PUT` of an upload: the last chunk, and the digest of the whole. */
export const finishUpload = async (context: V2Context, { repository, id }: UploadPath): Promise<Reply> => {
	const { registry, query, access, signal } = context;
	const digest = digestOf(query, "digest");
	if (digest === undefined) throw new OciError("DIGEST_INVALID", { detail: "digest: required in the query" });
	const range = await rangeOf(context, { repository, id });
	await registry.uploads.finish({ repository, id, digest, range, actor: access.actor }, context.body(), signal);
	return created(repository, digest);
};

/** `GET` of an upload: how far it is. */
export const getUpload = async (context: V2Context, { repository, id }: UploadPath): Promise<Reply> =>
	empty(204, positionOf(repository, await context.registry.uploads.status(repository, id, context.signal)));

/** `DELETE` of an upload. */
export const cancelUpload = async (context: V2Context, { repository, id }: UploadPath): Promise<Reply> => {
	await context.registry.uploads.cancel(repository, id, context.signal);
	return empty(204);
};

const created = (repository: string, digest: Digest): Reply =>
	empty(201, ["Location", `/v2/${repository}/blobs/${digest}`, "Docker-Content-Digest", digest]);

/** Where an upload is and how far it got; before the first byte clients expect `0-0`. */
export const positionOf = (repository: string, { id, offset }: UploadStatus): readonly string[] => [
	"Location",
	`/v2/${repository}/blobs/uploads/${id}`,
	"Range",
	`0-${Math.max(offset - 1, 0)}`,
	"Docker-Upload-UUID",
	id,
];

const digestOf = (query: URLSearchParams, name: string): Digest | undefined => {
	const text = query.get(name);
	if (text === null) return undefined;
	const digest = parseDigest(text);
	if (digest === undefined) throw new OciError("DIGEST_INVALID", { detail: `${name}: ${text.slice(0, 200)}` });
	return digest;
};

const algorithmOf = (query: URLSearchParams): Algorithm | undefined => {
	const text = query.get("digest-algorithm");
	if (text === null) return undefined;
	if (text === "sha256" || text === "sha512") return text;
	throw new OciError("DIGEST_INVALID", {
		detail: `digest-algorithm: expected sha256 or sha512, got ${text.slice(0, 40)}`,
	});
};

/** The Content-Range. One that makes no sense is answered as one that does not fit: with where the upload stands. */
const rangeOf = async (
	{ registry, request, signal }: V2Context,
	{ repository, id }: Pick<UploadPath, "repository" | "id">,
): Promise<{ readonly start: number; readonly end: number } | undefined> => {
	const range = parseContentRange(request.headers["content-range"]);
	if (range !== "malformed") return range;
	const { offset } = await registry.uploads.status(repository, id, signal);
	const expected = "<start>-<end>, both inclusive";
	throw new OciError("RANGE_INVALID", { message: `Content-Range: expected ${expected}`, detail: { offset } });
};

const lengthOf = (request: IncomingMessage): number | undefined => {
	const length = request.headers["content-length"];
	return length === undefined ? undefined : Number(length);
};
