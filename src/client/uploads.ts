import type { Digest } from "#/oci/digest.ts";
import type { Answer } from "./answer.ts";
import { BlobUpload, type UploadOpts } from "./blob-upload.ts";
import { hasBlob } from "./blobs.ts";
import { cancelUpload } from "./cancel-upload.ts";
import { toError } from "./read-failure.ts";
import { RemoteError } from "./remote-error.ts";
import type { RemoteRegistry } from "./remote-registry.ts";
import { sameRegistry } from "./same-registry.ts";
import type { Session } from "./session.ts";

/** A blob to be put, see {@link RemoteRegistry.putBlob}. */
export type BlobToPut = Parameters<RemoteRegistry["putBlob"]>[1];

/** A registry without the blob there is asked once per repository. */
const MAX_SOURCES = 3;

/**
 * Puts a blob into a repository: found there, mounted from another, or uploaded.
 *
 * @throws RemoteError; whatever `read` throws
 */
export const putBlob = async (
	session: Session,
	repository: string,
	blob: BlobToPut,
	opts: UploadOpts,
	signal: AbortSignal,
): Promise<"present" | "mounted" | "uploaded"> => {
	if (await hasBlob(session, repository, blob.digest, signal)) return "present";
	const begun = await tryMount(session, repository, blob, signal);
	if (begun === "mounted") return "mounted";
	await new BlobUpload({ session, repository, blob, opts }, begun).run(signal);
	return "uploaded";
};

/** Mounts the blob; else undefined, or the upload that the registry began instead. */
const tryMount = async (
	session: Session,
	repository: string,
	{ digest, from = [] }: BlobToPut,
	signal: AbortSignal,
): Promise<"mounted" | Answer | undefined> => {
	const sources = from.filter((source) => source !== repository).slice(0, MAX_SOURCES);
	for (const source of sources) {
		const answer = await mount(session, repository, digest, source, signal);
		if (answer?.status === 201) {
			await answer.discard();
			return "mounted";
		}
		if (answer?.status !== 202) continue;
		await answer.discard();
		if (source === sources.at(-1)) return answer;
		await cancelUpload(session, repository, sameRegistry(answer.header("location") ?? "", answer.asked.url), signal);
	}
	return undefined;
};

/** Undefined: this registry, or whoever asks it, does not mount from there. */
const mount = async (
	session: Session,
	repository: string,
	digest: Digest,
	source: string,
	signal: AbortSignal,
): Promise<Answer | undefined> => {
	const url = new URL(`/v2/${repository}/blobs/uploads/`, session.origin);
	url.searchParams.set("mount", digest);
	url.searchParams.set("from", source);
	const scopes = [`repository:${repository}:pull,push`, `repository:${source}:pull`];
	try {
		const answer = await session.send({ method: "POST", url, scopes }, signal);
		if (answer.status === 201 || answer.status === 202) return answer;
		throw await toError(answer);
	} catch (error) {
		// Who may not mount may still upload, and is told there what else is wrong.
		if (error instanceof RemoteError && (error.code === "REFUSED" || error.code === "INVALID")) return undefined;
		throw error;
	}
};
