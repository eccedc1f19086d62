import type { RemoteObjects } from "#/storage/remote-blob-store.ts";
import { listKeys } from "./list-keys.ts";
import { deleteObject, headObject } from "./objects.ts";
import { choosePartSize } from "./part-size.ts";
import { type PresignerDeps, presign } from "./presigner.ts";
import { readableObject } from "./read-object.ts";
import { resumeWriter } from "./resume-writer.ts";
import { S3Writer, type S3WriterDeps } from "./s3-writer.ts";
import { dropStaged } from "./staged-objects.ts";
import { parseState, uploadIdOf } from "./writer-state.ts";

/** What the objects are made with. */
export interface S3ObjectsDeps extends S3WriterDeps {
	/** Bytes of a part, at least. */
	readonly partSize: number;
	/** Absent when clients may not fetch from the bucket. */
	readonly presigner?: PresignerDeps;
}

/** Objects in a bucket: finished ones under their keys, unfinished ones as multipart uploads and tails. */
export const s3Objects = (deps: S3ObjectsDeps): RemoteObjects => {
	const { bucket, presigner } = deps;
	return {
		driver: "s3",
		stat: (key, signal) => headObject(bucket, key, signal),
		read: (stat) => readableObject(bucket, stat),
		write: (key, { algorithm = "sha256", size }) =>
			new S3Writer(deps, { key, algorithm, size, partSize: choosePartSize(deps.partSize, size) }),
		resume: (key, state, opts, signal) => resumeWriter(deps, { key, state: parseState(state) }, opts, signal),
		delete: async (key, state, signal) => {
			await Promise.all([deleteObject(bucket, key, signal), dropStaged(bucket, key, uploadIdOf(state), signal)]);
		},
		list: (prefix, signal) => listKeys(bucket, prefix, signal),
		...(presigner && { presign: (key, opts) => presign(presigner, bucket.at(key).Key, opts) }),
		close: () => bucket[Symbol.dispose](),
	};
};
