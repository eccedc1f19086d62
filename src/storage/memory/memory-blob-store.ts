import type {
	BlobStore,
	BlobWriter,
	ByteRange,
	Chunk,
	ObjectStat,
	OpenBlob,
	WriteOpts,
	WriterState,
} from "#/storage/blob-store.ts";
import { type ListedObject, mergeListings } from "#/storage/merge-listings.ts";
import { assertObjectKey } from "#/storage/object-key.ts";
import { StoreError } from "#/storage/store-error.ts";
import { type MemoryObjects, type MemoryStaged, truncateStaged } from "./memory-objects.ts";
import { MemoryWriter } from "./memory-writer.ts";

const CHUNK_BYTES = 512 * 1024;

/** Objects in memory. */
export class MemoryBlobStore implements BlobStore {
	readonly driver = "memory";
	readonly #objects: MemoryObjects;
	readonly #now: () => number;

	/** @param now milliseconds since the epoch */
	constructor(objects: MemoryObjects, now: () => number) {
		this.#objects = objects;
		this.#now = now;
	}

	async stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		assertObjectKey(key);
		signal.throwIfAborted();
		const object = this.#objects.finished.get(key);
		return object && { key, size: object.bytes.byteLength, modifiedAt: object.modifiedAt };
	}

	async open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		assertObjectKey(key);
		signal.throwIfAborted();
		const object = this.#objects.finished.get(key);
		if (object === undefined) throw new StoreError("NOT_FOUND", `no object ${key}`);
		return openBytes(object.bytes);
	}

	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		const staged = { pieces: [], size: 0, checkpoint: undefined, modifiedAt: this.#now() };
		this.#objects.staged.set(key, staged);
		return this.#writer(key, staged, opts);
	}

	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		const staged = this.#objects.staged.get(key);
		const { offset } = state;
		if (staged === undefined || typeof offset !== "number" || offset > staged.size) {
			throw new StoreError("NOT_FOUND", `nothing staged for ${key} at ${JSON.stringify(state)}`);
		}
		// A new object, so that a writer that lost the upload notices.
		const taken = { ...staged, pieces: [...staged.pieces], checkpoint: offset };
		truncateStaged(taken, offset);
		this.#objects.staged.set(key, taken);
		return this.#writer(key, taken, opts);
	}

	async delete(key: string, _state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		assertObjectKey(key);
		signal.throwIfAborted();
		this.#objects.staged.delete(key);
		this.#objects.finished.delete(key);
	}

	async *list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		signal.throwIfAborted();
		const finished = [...this.#objects.finished].map(([key, { bytes, modifiedAt }]) => ({
			key,
			size: bytes.byteLength,
			modifiedAt,
		}));
		const staged = [...this.#objects.staged].map(([key, { size, modifiedAt }]) => ({ key, size, modifiedAt }));
		for await (const object of mergeListings(select(finished, prefix), select(staged, prefix))) {
			signal.throwIfAborted();
			yield object;
		}
	}

	/** Nothing to give back: the objects belong to whoever made them. */
	async [Symbol.asyncDispose](): Promise<void> {}

	#writer(key: string, staged: MemoryStaged, opts: WriteOpts): BlobWriter {
		return new MemoryWriter(this.#objects, { key, staged, algorithm: opts.algorithm ?? "sha256", now: this.#now });
	}
}

/** The objects of a prefix in byte order of their keys. */
async function* select(objects: ObjectStat[], prefix: string): AsyncGenerator<ObjectStat, void, undefined> {
	yield* objects.filter(({ key }) => key.startsWith(prefix)).sort((a, b) => (a.key < b.key ? -1 : 1));
}

const openBytes = (bytes: Uint8Array): OpenBlob => {
	let isClosed = false;
	return {
		size: bytes.byteLength,
		chunks: async function* (range, signal, sizeHint = () => CHUNK_BYTES): AsyncGenerator<Chunk, void, undefined> {
			const { start, end }: ByteRange = range ?? { start: 0, end: bytes.byteLength - 1 };
			for (let position = start; position <= end; ) {
				signal.throwIfAborted();
				if (isClosed) throw new StoreError("UNAVAILABLE", "the object was closed while it was read");
				if (position >= bytes.byteLength) throw new StoreError("CORRUPT", `the object ends at byte ${position}`);
				// A copy: what a reader does with its chunk must not reach the object.
				const chunk = new Uint8Array(bytes.subarray(position, Math.min(end + 1, position + Math.max(1, sizeHint()))));
				position += chunk.byteLength;
				yield { bytes: chunk, release: () => undefined };
			}
		},
		[Symbol.asyncDispose]: async () => {
			isClosed = true;
		},
	};
};
