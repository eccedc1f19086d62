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
import { StoreError } from "#/storage/store-error.ts";
import { listKeys } from "./list-keys.ts";
import { deleteObject, headObject } from "./objects.ts";
import { choosePartSize } from "./part-size.ts";
import { type PresignerDeps, presign } from "./presigner.ts";
import { readableObject } from "./read-object.ts";
import { resumeWriter } from "./resume-writer.ts";
import { S3Writer, type S3WriterDeps } from "./s3-writer.ts";
import { dropStaged } from "./staged-objects.ts";
import { parseState, uploadIdOf } from "./writer-state.ts";

/** What the store works with. */
export interface S3BlobStoreDeps extends S3WriterDeps {
	/** Bytes of a part, at least. */
	readonly partSize: number;
	/** Absent when clients may not fetch from the bucket. */
	readonly presigner?: PresignerDeps;
}

/** Objects in a bucket: finished ones under their keys, unfinished ones as multipart uploads and tails. */
export class S3BlobStore implements BlobStore, Partial<Presigns> {
	readonly driver = "s3";
	readonly presign?: Presigns["presign"];
	readonly #deps: S3BlobStoreDeps;

	constructor(deps: S3BlobStoreDeps) {
		this.#deps = deps;
		const { presigner, bucket } = deps;
		if (presigner === undefined) return;
		this.presign = async (key, opts) => {
			assertObjectKey(key);
			return await presign(presigner, bucket.at(key).Key, opts);
		};
	}

	async stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		assertObjectKey(key);
		return await headObject(this.#deps.bucket, key, signal);
	}

	async open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		const stat = await this.stat(key, signal);
		if (stat === undefined) throw new StoreError("NOT_FOUND", `no object ${key}`);
		return openRanges(readableObject(this.#deps.bucket, stat));
	}

	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		const { algorithm = "sha256", size } = opts;
		const partSize = choosePartSize(this.#deps.partSize, size);
		return new S3Writer(this.#deps, { key, algorithm, size, partSize });
	}

	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		return await resumeWriter(this.#deps, { key, state: parseState(state) }, opts, signal);
	}

	async delete(key: string, state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		assertObjectKey(key);
		const { bucket } = this.#deps;
		await Promise.all([deleteObject(bucket, key, signal), dropStaged(bucket, key, uploadIdOf(state), signal)]);
	}

	list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		return listKeys(this.#deps.bucket, prefix, signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#deps.bucket[Symbol.dispose]();
	}
}
