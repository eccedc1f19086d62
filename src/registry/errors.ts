import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Refusal } from "#/metadata/refusal.ts";
import { OciError } from "#/oci/error.ts";
import { StoreError } from "#/storage/store-error.ts";

/** Runs `work`; whatever fails in it leaves as an {@link OciError}. Every call into the registry goes through here. */
export const answer = async <T>(work: () => Promise<T>): Promise<T> => {
	try {
		return await work();
	} catch (error) {
		throw toOciError(error);
	}
};

/** The failure as clients may see it. The cause keeps what it was, for the log; its text is never sent. */
export const toOciError = (error: unknown): OciError => {
	if (error instanceof OciError) return error;
	if (error instanceof StoreError) return storeFailure(error);
	if (error instanceof MetadataError) return metadataFailure(error);
	if (isAbort(error)) return new OciError("UNAVAILABLE", { message: "the request was given up", cause: error });
	return new OciError("UNKNOWN", { cause: error });
};

const isAbort = (error: unknown): boolean =>
	error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");

const storeFailure = (cause: StoreError): OciError => {
	switch (cause.code) {
		case "FULL":
			return new OciError("STORAGE_FULL", { cause });
		case "UNAVAILABLE":
		case "DENIED":
			return new OciError("UNAVAILABLE", {
				cause,
				...(cause.store === undefined ? {} : { message: `the blob store ${cause.store} is unavailable` }),
			});
		// Metadata says that the bytes are there: without them, or with others, the registry itself is broken.
		case "NOT_FOUND":
		case "CORRUPT":
			return new OciError("UNKNOWN", { message: "the stored bytes are damaged", cause });
	}
};

const metadataFailure = (cause: MetadataError): OciError => {
	switch (cause.code) {
		case "FULL":
			return new OciError("STORAGE_FULL", { cause });
		case "UNAVAILABLE":
		case "SCHEMA":
			return new OciError("UNAVAILABLE", { cause });
	}
};

/** What a command's refusal means to a client (distribution specification, "Error Codes"). */
export const refusalError = (refusal: Refusal): OciError => {
	switch (refusal.reason) {
		case "project-unknown":
			return new OciError("NAME_UNKNOWN", {
				message: `no such project: ${refusal.project}; it has to be created before anything is pushed to it`,
				detail: { project: refusal.project },
			});
		case "repository-unknown":
			return new OciError("NAME_UNKNOWN", { detail: { name: refusal.repository } });
		case "manifest-unknown":
			return new OciError("MANIFEST_UNKNOWN", { detail: { reference: refusal.reference } });
		case "blob-unknown":
			return new OciError("BLOB_UNKNOWN", { detail: { digest: refusal.digest } });
		case "upload-unknown":
			return new OciError("BLOB_UPLOAD_UNKNOWN", { detail: { id: refusal.id } });
		case "upload-busy":
			return rangeError("another request is appending to this upload", refusal.offset);
		case "upload-offset":
			return rangeError("the chunk does not start where the upload ends", refusal.offset);
		case "store-moved":
			return new OciError("UNAVAILABLE", { message: "the repository has just been moved: try again" });
		case "too-many-uploads":
			return new OciError("TOOMANYREQUESTS", {
				message: `at most ${refusal.limit} uploads may be open in a project`,
				detail: { limit: refusal.limit },
			});
		case "content-unknown":
			return new OciError("MANIFEST_BLOB_UNKNOWN", {
				detail: { blobs: refusal.blobs, manifests: refusal.manifests },
			});
		case "size-mismatch":
			return new OciError("MANIFEST_INVALID", {
				message: "a descriptor's size is not that of the content",
				detail: { digest: refusal.digest, size: refusal.expected, stored: refusal.actual },
			});
		case "in-use":
			return new OciError("CONFLICT", {
				message: "a manifest of this repository still references it",
				detail: { by: refusal.by },
			});
		case "precondition":
			return new OciError("PRECONDITION_FAILED", { detail: { digest: refusal.current ?? null } });
		case "guarded":
			return new OciError("DENIED", { message: refusal.message, detail: refusal.detail ?? { guard: refusal.guard } });
	}
};

/** RANGE_INVALID that tells where the upload stands, for the answer's Range header. */
export const rangeError = (message: string, offset: number): OciError =>
	new OciError("RANGE_INVALID", { message, detail: { offset } });
