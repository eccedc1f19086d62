import type { ByteRange, Chunk, OpenBlob } from "#/storage/blob-store.ts";
import type { BufferPool } from "#/storage/buffer-pool.ts";
import { StoreError } from "#/storage/store-error.ts";
import { withStoreErrors } from "./file-error.ts";
import type { OpenFile } from "./file-system.ts";
import { pooledChunks } from "./pooled-chunks.ts";

/** A finished object that is open for reading. */
export class FileBlob implements OpenBlob {
	readonly size: number;
	readonly #file: OpenFile;
	readonly #pool: BufferPool;
	readonly #reads = new Set<Promise<unknown>>();
	#closing: Promise<void> | undefined;

	constructor(file: OpenFile, size: number, pool: BufferPool) {
		this.#file = file;
		this.size = size;
		this.#pool = pool;
	}

	chunks(range: ByteRange | undefined, signal: AbortSignal, sizeHint?: () => number): AsyncIterable<Chunk> {
		const whole = { start: 0, end: this.size - 1 };
		return pooledChunks(
			(target, position) => this.#read(target, position),
			this.#pool,
			range ?? whole,
			signal,
			sizeHint,
		);
	}

	[Symbol.asyncDispose](): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #read(target: Uint8Array, position: number): Promise<number> {
		if (this.#closing !== undefined) throw new StoreError("UNAVAILABLE", "the object was closed while it was read");
		const read = withStoreErrors("read", () => this.#file.read(target, position));
		this.#reads.add(read);
		try {
			return await read;
		} finally {
			this.#reads.delete(read);
		}
	}

	/** The descriptor's number may be another file's right after closing, so reads under way must end first. */
	async #close(): Promise<void> {
		await Promise.allSettled(this.#reads);
		await withStoreErrors("close", () => this.#file.close());
	}
}
