import type { WriteOpts } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { S3Writer, type S3WriterDeps } from "./s3-writer.ts";
import { readTail } from "./tails.ts";
import { listParts } from "./uploads.ts";
import type { S3WriterState } from "./writer-state.ts";

/**
 * A writer that goes on at `state`. Parts that came later are left out of the object, and those of the same number are
 * written over.
 *
 * @throws StoreError NOT_FOUND when the tail or a part is gone or another one, CORRUPT when the tail is not what it was
 */
export const resumeWriter = async (
	deps: S3WriterDeps,
	object: { readonly key: string; readonly state: S3WriterState },
	opts: WriteOpts,
	signal: AbortSignal,
): Promise<S3Writer> => {
	const { key, state } = object;
	const [tail] = await Promise.all([
		readTail(deps.bucket, key, state.tail, signal),
		assertParts(deps.bucket, key, state, signal),
	]);
	return new S3Writer(deps, {
		key,
		algorithm: opts.algorithm ?? "sha256",
		partSize: state.partSize,
		size: opts.size,
		from: { state, tail },
	});
};

const assertParts = async (bucket: Bucket, key: string, state: S3WriterState, signal: AbortSignal): Promise<void> => {
	const { uploadId, partSize, etags } = state;
	if (uploadId === undefined) return;
	let found = 0;
	for await (const { number, etag, size } of listParts(bucket, { key, uploadId }, signal)) {
		if (found === etags.length) return;
		if (number !== found + 1 || etag !== etags[found] || size !== partSize) break;
		found++;
	}
	if (found < etags.length) throw new StoreError("NOT_FOUND", `part ${found + 1} of ${key} is gone`);
};
