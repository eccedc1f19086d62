import type { WriterState } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";

/** The staged bytes behind the last part. */
export interface TailState {
	/** What its name ends in. */
	readonly id: string;
	/** Bytes. */
	readonly size: number;
	/** SHA-256 in lower-case hex. */
	readonly sha256: string;
}

/** An unfinished object as this driver keeps it: parts 1, 2, … of `partSize` bytes each, and the tail. */
export interface S3WriterState {
	/** Bytes in all. */
	readonly offset: number;
	readonly partSize: number;
	/** Absent as long as there is no part. */
	readonly uploadId?: string;
	/** ETags of the parts in order. */
	readonly etags: readonly string[];
	readonly tail: TailState;
}

/** As the upload's row keeps it. */
export const formatState = (state: S3WriterState): WriterState => ({ ...state });

/** @throws StoreError NOT_FOUND for a state that this driver did not give */
export const parseState = (state: WriterState): S3WriterState => {
	const { offset, partSize, uploadId, etags, tail } = state;
	if (
		isCount(offset) &&
		isCount(partSize) &&
		(uploadId === undefined || typeof uploadId === "string") &&
		isStrings(etags) &&
		(etags.length === 0 || uploadId !== undefined) &&
		isTail(tail) &&
		offset === etags.length * partSize + tail.size
	) {
		return { offset, partSize, etags, tail, ...(uploadId !== undefined && { uploadId }) };
	}
	throw new StoreError("NOT_FOUND", `no such writer state: ${JSON.stringify(state).slice(0, 1000)}`);
};

/** The upload that `state` names, if it names one: for deleting, which must work with any state. */
export const uploadIdOf = (state: WriterState | undefined): string | undefined =>
	typeof state?.uploadId === "string" ? state.uploadId : undefined;

const isCount = (value: unknown): value is number =>
	typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isStrings = (value: unknown): value is readonly string[] =>
	Array.isArray(value) && value.every((entry) => typeof entry === "string");

const isTail = (value: unknown): value is TailState =>
	typeof value === "object" &&
	value !== null &&
	"id" in value &&
	typeof value.id === "string" &&
	/^[A-Za-z0-9._-]+$/.test(value.id) &&
	"size" in value &&
	isCount(value.size) &&
	"sha256" in value &&
	typeof value.sha256 === "string";
