import { markAsUntransferable } from "node:worker_threads";

/** Sizes of a {@link BufferPool}. */
export interface BufferPoolOpts {
	/** Bytes of one buffer; larger ones fall out of the processor's cache. @defaultValue 512 KiB */
	readonly bufferBytes?: number;
	/** Bytes of all buffers together, lent and idle. @defaultValue 64 MiB */
	readonly limitBytes?: number;
}

/**
 * Large read buffers that are used again and again, with a hard bound for the process.
 * Buffers are made on demand and kept; when all are lent, {@link BufferPool.take} gives none and the caller makes do
 * with a small one of its own.
 */
export class BufferPool {
	/** Bytes of each buffer. */
	readonly bufferBytes: number;
	readonly #limit: number;
	readonly #idle: Uint8Array<ArrayBuffer>[] = [];
	#lent = 0;

	constructor(opts: BufferPoolOpts = {}) {
		this.bufferBytes = opts.bufferBytes ?? 512 * 1024;
		this.#limit = Math.floor((opts.limitBytes ?? 64 * 1024 * 1024) / this.bufferBytes);
	}

	/** How many buffers are lent now. */
	get lent(): number {
		return this.#lent;
	}

	/** A buffer with arbitrary contents, to be given back; absent when the bound is reached. */
	take(): Uint8Array<ArrayBuffer> | undefined {
		const idle = this.#idle.pop();
		if (idle === undefined && this.#lent >= this.#limit) return undefined;
		this.#lent++;
		return idle ?? this.#make();
	}

	/** Takes back a buffer that {@link BufferPool.take} gave. Giving one back twice would lend it to two readers. */
	give(buffer: Uint8Array<ArrayBuffer>): void {
		this.#lent--;
		this.#idle.push(buffer);
	}

	#make(): Uint8Array<ArrayBuffer> {
		const buffer = Buffer.allocUnsafeSlow(this.bufferBytes);
		// A buffer that is passed on to a writer must be copied there, never moved to another thread from under us.
		markAsUntransferable(buffer.buffer);
		return buffer;
	}
}
