import type {
	BlobStore,
	BlobWriter,
	ObjectStat,
	OpenBlob,
	Presigns,
	WriteOpts,
	WriterState,
} from "#/storage/blob-store.ts";
import type { ListedObject } from "#/storage/merge-listings.ts";
import { assertObjectKey } from "#/storage/object-key.ts";
import { openRanges } from "#/storage/open-ranges.ts";
import { type PartedState, parsePartedState } from "#/storage/parted-state.ts";
import { PartedWriter, type PartedWriterDeps } from "#/storage/parted-writer.ts";
import { groupStaged, stagedName } from "#/storage/staged-names.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { dropStaged } from "./drop-staged.ts";
import { ObjectTarget } from "./object-target.ts";
import { deleteObject, listObjects, readableObject, statObject } from "./objects.ts";
import type { Presigner } from "./presigner.ts";

/** What the store works with. */
export interface GcsBlobStoreDeps extends PartedWriterDeps {
	readonly bucket: Bucket;
	/** Absent when clients may not fetch from the bucket. */
	readonly presigner?: Presigner;
}

/** Objects in a bucket: finished ones under their keys, the parts of unfinished ones under names beside them. */
export class GcsBlobStore implements BlobStore, Partial<Presigns> {
	readonly driver = "gcs";
	readonly presign?: Presigns["presign"];
	readonly #deps: GcsBlobStoreDeps;

	constructor(deps: GcsBlobStoreDeps) {
		this.#deps = deps;
		const { presigner, bucket } = deps;
		if (presigner === undefined) return;
		this.presign = async (key, opts) => {
			assertObjectKey(key);
			return await presigner.sign(bucket.nameOf(key), opts);
		};
	}

	async stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		assertObjectKey(key);
		return await statObject(this.#deps.bucket, key, signal);
	}

	async open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		const stat = await this.stat(key, signal);
		if (stat === undefined) throw new StoreError("NOT_FOUND", `no object ${key}`);
		return openRanges(readableObject(this.#deps.bucket, stat));
	}

	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		return this.#writer(key, opts);
	}

	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		const from = parsePartedState(state);
		const [finished] = await Promise.all([this.stat(key, signal), this.#assertParts(key, from, signal)]);
		// Its process ended before it could remove the parts.
		if (finished !== undefined) throw new StoreError("NOT_FOUND", `${key} is finished`);
		return this.#writer(key, opts, from);
	}

	async delete(key: string, _state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		assertObjectKey(key);
		const { bucket } = this.#deps;
		await Promise.all([deleteObject(bucket, key, signal), dropStaged(bucket, key, signal)]);
	}

	list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		return groupStaged(listObjects(this.#deps.bucket, prefix, signal));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#deps.bucket[Symbol.dispose]();
	}

	async #assertParts(key: string, { parts }: PartedState, signal: AbortSignal): Promise<void> {
		const found = new Map<string, number>();
		for await (const part of listObjects(this.#deps.bucket, stagedName(key, ""), signal))
			found.set(part.key, part.size);
		for (const { id, size } of parts) {
			if (found.get(stagedName(key, id)) !== size) throw new StoreError("NOT_FOUND", `part ${id} of ${key} is gone`);
		}
	}

	#target(key: string): ObjectTarget {
		return new ObjectTarget(this.#deps.bucket, { key, writer: this.#deps.newId() });
	}

	#writer(key: string, { algorithm = "sha256", size }: WriteOpts, from?: PartedState): BlobWriter {
		return new PartedWriter(this.#deps, { target: this.#target(key), algorithm, size, ...(from && { from }) });
	}
}
