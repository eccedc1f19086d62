import { type Algorithm, type Digest, digestOf } from "#/oci/digest.ts";
import type { BlobWriter, WriterState } from "#/storage/blob-store.ts";
import { RunningDigest } from "#/storage/running-digest.ts";
import { StoreError } from "#/storage/store-error.ts";
import { type MemoryObjects, type MemoryStaged, truncateStaged } from "./memory-objects.ts";

/** What a writer goes on with. */
export interface MemoryWriterOpts {
	readonly key: string;
	readonly staged: MemoryStaged;
	readonly algorithm: Algorithm;
	readonly now: () => number;
}

/** Collects an object piece by piece. */
export class MemoryWriter implements BlobWriter {
	readonly #objects: MemoryObjects;
	readonly #opts: MemoryWriterOpts;
	/** Absent when the writer began in the middle. */
	readonly #hash: RunningDigest | undefined;
	#state: "open" | "committed" | "ended" = "open";

	constructor(objects: MemoryObjects, opts: MemoryWriterOpts) {
		this.#objects = objects;
		this.#opts = opts;
		this.#hash = opts.staged.size === 0 ? new RunningDigest(opts.algorithm) : undefined;
	}

	get offset(): number {
		return this.#opts.staged.size;
	}

	async append(bytes: Uint8Array): Promise<void> {
		const staged = this.#open();
		staged.pieces.push(bytes);
		staged.size += bytes.byteLength;
		this.#hash?.update(bytes);
	}

	async checkpoint(signal: AbortSignal): Promise<WriterState> {
		const staged = this.#open();
		signal.throwIfAborted();
		staged.checkpoint = staged.size;
		staged.modifiedAt = this.#opts.now();
		return { offset: staged.size };
	}

	async digest(algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		const staged = this.#open();
		signal.throwIfAborted();
		return this.#hash?.algorithm === algorithm
			? this.#hash.digest()
			: digestOf(Buffer.concat(staged.pieces), algorithm);
	}

	async commit(signal: AbortSignal): Promise<void> {
		if (this.#state === "committed") return;
		const staged = this.#open();
		signal.throwIfAborted();
		const { key, now } = this.#opts;
		this.#objects.finished.set(key, { bytes: Buffer.concat(staged.pieces), modifiedAt: now() });
		this.#objects.staged.delete(key);
		this.#state = "committed";
	}

	async abort(_signal: AbortSignal): Promise<void> {
		if (this.#state === "committed") return;
		this.#state = "ended";
		if (this.#isOurs()) this.#objects.staged.delete(this.#opts.key);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#state !== "open") return;
		this.#state = "ended";
		const { key, staged } = this.#opts;
		if (!this.#isOurs()) return;
		if (staged.checkpoint === undefined) this.#objects.staged.delete(key);
		else truncateStaged(staged, staged.checkpoint);
	}

	/** Whether the staged object is still the one of this writer: it may have been deleted, and begun anew. */
	#isOurs(): boolean {
		return this.#objects.staged.get(this.#opts.key) === this.#opts.staged;
	}

	#open(): MemoryStaged {
		const { key, staged } = this.#opts;
		if (this.#state !== "open") throw new Error(`the writer of ${key} is spent`);
		if (!this.#isOurs()) throw new StoreError("NOT_FOUND", `the staged bytes of ${key} are gone`);
		return staged;
	}
}
