import type { BlobWriter, WriteOpts } from "#/storage/blob-store.ts";
import { type PartedState, parsePartedState } from "#/storage/parted-state.ts";
import { PartedWriter, type PartedWriterDeps } from "#/storage/parted-writer.ts";
import type { RemoteObjects } from "#/storage/remote-blob-store.ts";
import { groupStaged, stagedName } from "#/storage/staged-names.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { dropStaged } from "./drop-staged.ts";
import { ObjectTarget } from "./object-target.ts";
import { deleteObject, listObjects, readableObject, statObject } from "./objects.ts";
import type { Presigner } from "./presigner.ts";

/** What the objects are made with. */
export interface GcsObjectsDeps extends PartedWriterDeps {
	readonly bucket: Bucket;
	/** Absent when clients may not fetch from the bucket. */
	readonly presigner?: Presigner | undefined;
}

/** Objects in a bucket: finished ones under their keys, the parts of unfinished ones under names beside them. */
export const gcsObjects = (deps: GcsObjectsDeps): RemoteObjects => {
	const { bucket, presigner, newId } = deps;
	const openWriter = (key: string, { algorithm = "sha256", size }: WriteOpts, from?: PartedState): BlobWriter => {
		const target = new ObjectTarget(bucket, { key, writer: newId() });
		return new PartedWriter(deps, { target, algorithm, size, ...(from && { from }) });
	};
	return {
		driver: "gcs",
		stat: (key, signal) => statObject(bucket, key, signal),
		read: (stat) => readableObject(bucket, stat),
		write: (key, opts) => openWriter(key, opts),
		resume: async (key, state, opts, signal) => {
			const from = parsePartedState(state);
			const [finished] = await Promise.all([statObject(bucket, key, signal), assertParts(bucket, key, from, signal)]);
			// Its process ended before it could remove the parts.
			if (finished !== undefined) throw new StoreError("NOT_FOUND", `${key} is finished`);
			return openWriter(key, opts, from);
		},
		delete: async (key, _state, signal) => {
			await Promise.all([deleteObject(bucket, key, signal), dropStaged(bucket, key, signal)]);
		},
		list: (prefix, signal) => groupStaged(listObjects(bucket, prefix, signal)),
		...(presigner && { presign: (key, opts) => presigner.sign(bucket.nameOf(key), opts) }),
		close: () => bucket[Symbol.dispose](),
	};
};

/** @throws StoreError NOT_FOUND when one of them is gone */
const assertParts = async (bucket: Bucket, key: string, { parts }: PartedState, signal: AbortSignal): Promise<void> => {
	const found = new Map<string, number>();
	for await (const part of listObjects(bucket, stagedName(key, ""), signal)) found.set(part.key, part.size);
	for (const { id, size } of parts) {
		if (found.get(stagedName(key, id)) !== size) throw new StoreError("NOT_FOUND", `part ${id} of ${key} is gone`);
	}
};
