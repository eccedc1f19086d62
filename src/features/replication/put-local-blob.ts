import { RemoteError } from "#/client/remote-error.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { algorithmOf } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import type { BlobService, UploadService } from "#/registry/registry.ts";

/** What {@link putLocalBlob} works with. */
export interface PutLocalBlobDeps {
	readonly blobs: BlobService;
	readonly uploads: UploadService;
	/** Who writes, for history and events. */
	readonly actor: string;
}

/** A blob on its way here. */
export type IncomingBlob = Parameters<RemoteRegistry["putBlob"]>[1] & { readonly repository: string };

/** A blob that is taken whole or not at all, bytes. */
const WHOLE_BYTES = 4 * 1024 * 1024;

/** How often a source may break off without a byte more having come. */
const MAX_STALLS = 3;

/**
 * Puts a blob into this registry: mounted where any repository of the same project has it, else uploaded, going on
 * where it stood when the source breaks off. What could not be finished is cancelled.
 *
 * @throws OciError as uploads do
 */
export const putLocalBlob = async (
	{ blobs, uploads, actor }: PutLocalBlobDeps,
	blob: IncomingBlob,
	signal: AbortSignal,
): Promise<"present" | "mounted" | "uploaded"> => {
	const { repository, digest } = blob;
	if (await isHere(blobs, blob, signal)) return "present";
	const candidates = [...new Set([...(blob.from ?? []), ...(await holdersOf(blobs, blob, signal))])];
	const mount = { digest, candidates: candidates.filter((name) => name !== repository) };
	if (blob.size <= WHOLE_BYTES) return await putWhole(uploads, { ...blob, actor, mount }, signal);
	const started = await uploads.start({ repository, actor, mount, algorithm: algorithmOf(digest) }, empty(), signal);
	if (started.kind === "blob") return "mounted";
	const { id } = started.upload;
	try {
		await takeAll(uploads, { ...blob, id }, signal);
		await uploads.finish({ repository, id, digest, actor }, empty(), signal);
		return "uploaded";
	} catch (error) {
		await uploads.cancel(repository, id, AbortSignal.timeout(10_000)).catch(() => undefined);
		throw error;
	}
};

/** In one request, which costs a third of what an upload in steps does. */
const putWhole = async (
	uploads: UploadService,
	blob: IncomingBlob & { readonly actor: string; readonly mount: UploadRequest["mount"] },
	signal: AbortSignal,
): Promise<"mounted" | "uploaded"> => {
	const { repository, actor, mount, digest, size, read } = blob;
	let wasRead = false;
	const body = async function* (): AsyncGenerator<Uint8Array> {
		wasRead = true;
		yield* await read(0, signal);
	};
	await uploads.start({ repository, actor, mount, digest, size }, body(), signal);
	return wasRead ? "uploaded" : "mounted";
};

type UploadRequest = Parameters<UploadService["start"]>[0];

const isHere = async (
	blobs: BlobService,
	{ repository, digest }: IncomingBlob,
	signal: AbortSignal,
): Promise<boolean> => {
	try {
		await blobs.stat(repository, digest, signal);
		return true;
	} catch (error) {
		if (error instanceof OciError && (error.code === "NAME_UNKNOWN" || error.code === "BLOB_UNKNOWN")) return false;
		throw error;
	}
};

const holdersOf = async (
	blobs: BlobService,
	{ repository, digest }: IncomingBlob,
	signal: AbortSignal,
): Promise<readonly string[]> => {
	try {
		return await blobs.holders(repository, digest, signal);
	} catch (error) {
		if (error instanceof OciError && error.code === "NAME_UNKNOWN") return [];
		throw error;
	}
};

const takeAll = async (
	uploads: UploadService,
	{ repository, id, size, read }: IncomingBlob & { readonly id: string },
	signal: AbortSignal,
): Promise<void> => {
	let offset = 0;
	for (let stalls = 0; offset < size; ) {
		const broken = await read(offset, signal)
			.then((body) => uploads.append({ repository, id }, body, signal))
			.then(() => undefined)
			.catch((error: unknown) => error ?? new Error("the source broke off"));
		signal.throwIfAborted();
		const reached = (await uploads.status(repository, id, signal)).offset;
		if (broken === undefined && reached >= size) return;
		stalls = reached > offset ? 0 : stalls + 1;
		if (stalls >= MAX_STALLS || isFinal(broken))
			throw broken ?? new Error(`${size} bytes were announced, ${reached} came`);
		offset = reached;
	}
};

/** Whether another attempt would end the same: only a body that broke off is worth going on with. */
const isFinal = (error: unknown): boolean => {
	const cause = error instanceof OciError && error.code === "BLOB_UPLOAD_INVALID" ? error.cause : error;
	if (cause instanceof RemoteError) return cause.code !== "UNREACHABLE" && cause.code !== "FAILED";
	return cause instanceof OciError && cause.code !== "UNAVAILABLE";
};

async function* empty(): AsyncGenerator<Uint8Array> {}
