import type { BlobStore, BlobWriter, ObjectStat, OpenBlob, Presigns, WriteOpts, WriterState } from "./blob-store.ts";
import type { ListedObject } from "./merge-listings.ts";
import { assertObjectKey } from "./object-key.ts";
import { openRanges, type RangedObject } from "./open-ranges.ts";
import { StoreError } from "./store-error.ts";

/** The objects of a registry at a service, by keys that are as `object-key.ts` has them: what its driver is made of. */
export interface RemoteObjects {
	/** See {@link BlobStore.driver}. */
	readonly driver: string;
	/** Absent when there is no finished object under `key`. */
	stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined>;
	/** How a finished object is read. */
	read(stat: ObjectStat): RangedObject;
	/** A writer of a new object, which asks the service nothing yet. */
	write(key: string, opts: WriteOpts): BlobWriter;
	/** See {@link BlobStore.resume}. */
	resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter>;
	/** See {@link BlobStore.delete}. */
	delete(key: string, state: WriterState | undefined, signal: AbortSignal): Promise<void>;
	/** See {@link BlobStore.list}. */
	list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined>;
	/** See {@link Presigns}; absent when clients may not fetch from the service. */
	readonly presign?: Presigns["presign"];
	/** Ends the connections. */
	close(): void;
}

/** A store whose objects are at a service: what all such stores do alike. */
export class RemoteBlobStore implements BlobStore, Partial<Presigns> {
	readonly presign?: Presigns["presign"];
	readonly #objects: RemoteObjects;

	constructor(objects: RemoteObjects) {
		this.#objects = objects;
		const { presign } = objects;
		if (presign === undefined) return;
		this.presign = async (key, opts) => {
			assertObjectKey(key);
			return await presign(key, opts);
		};
	}

	get driver(): string {
		return this.#objects.driver;
	}

	async stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		assertObjectKey(key);
		return await this.#objects.stat(key, signal);
	}

	async open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		const stat = await this.stat(key, signal);
		if (stat === undefined) throw new StoreError("NOT_FOUND", `no object ${key}`);
		return openRanges(this.#objects.read(stat));
	}

	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		return this.#objects.write(key, opts);
	}

	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		return await this.#objects.resume(key, state, opts, signal);
	}

	async delete(key: string, state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		assertObjectKey(key);
		await this.#objects.delete(key, state, signal);
	}

	list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		return this.#objects.list(prefix, signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#objects.close();
	}
}
