import type { ByteRange, Chunk } from "#/storage/blob-store.ts";
import type { BufferPool } from "#/storage/buffer-pool.ts";
import { StoreError } from "#/storage/store-error.ts";
import { freePiece } from "./own-memory.ts";

/** Reads of up to this size use memory of their own; so do all while the pool is empty. */
const SMALL_BYTES = 64 * 1024;

/** Less is not worth a read. */
const MIN_BYTES = 4 * 1024;

/** Fills `target` from `position`; gives less than its length only at the end of the object. */
export type PositionedRead = (target: Uint8Array, position: number) => Promise<number>;

interface PendingChunk {
	readonly chunk: Promise<Chunk>;
	readonly isPooled: boolean;
}

/**
 * Reads a range in chunks: large ones in pooled buffers with one read ahead, small ones in memory of their own and
 * only when asked for, so that a consumer that asks for little holds at most one small chunk here.
 *
 * @throws StoreError CORRUPT when the object ends before the range does
 */
export async function* pooledChunks(
	read: PositionedRead,
	pool: BufferPool,
	range: ByteRange,
	signal: AbortSignal,
	sizeHint: () => number = () => pool.bufferBytes,
): AsyncGenerator<Chunk, void, undefined> {
	let position = range.start;
	const start = (): PendingChunk | undefined => {
		const left = range.end + 1 - position;
		if (left <= 0) return undefined;
		const started = startChunk(read, pool, position, Math.min(left, Math.max(MIN_BYTES, sizeHint())));
		position += started.length;
		return started;
	};
	let pending = start();
	try {
		while (pending !== undefined) {
			signal.throwIfAborted();
			const chunk: Chunk = await pending.chunk;
			const ahead: PendingChunk | undefined = pending.isPooled && !signal.aborted ? start() : undefined;
			pending = ahead;
			if (signal.aborted) chunk.release();
			signal.throwIfAborted();
			yield chunk;
			pending ??= start();
		}
	} finally {
		(await pending?.chunk.catch(() => undefined))?.release();
	}
}

/** Starts reading at most `wanted` bytes at `position`; `length` says how many. */
const startChunk = (
	read: PositionedRead,
	pool: BufferPool,
	position: number,
	wanted: number,
): PendingChunk & { readonly length: number } => {
	const pooled = wanted > SMALL_BYTES ? pool.take() : undefined;
	const length = Math.min(wanted, pooled?.byteLength ?? SMALL_BYTES);
	const bytes = pooled?.subarray(0, length) ?? Buffer.allocUnsafeSlow(length);
	const release = releaseOnce(() => (pooled === undefined ? freePiece(bytes) : pool.give(pooled)));
	const chunk = readChunk(read, bytes, position, release);
	// A chunk read ahead may fail before anybody waits for it.
	chunk.catch(() => undefined);
	return { chunk, length, isPooled: pooled !== undefined };
};

const readChunk = async (
	read: PositionedRead,
	bytes: Uint8Array,
	position: number,
	release: () => void,
): Promise<Chunk> => {
	try {
		const count = await read(bytes, position);
		if (count < bytes.byteLength) {
			throw new StoreError("CORRUPT", `the object ends at byte ${position + count}, before what was asked for`);
		}
		return { bytes, release };
	} catch (error) {
		release();
		throw error;
	}
};

/** A second release would lend one buffer to two readers, which shows one tenant's bytes to another: it does nothing. */
const releaseOnce = (release: () => void): (() => void) => {
	let isReleased = false;
	return () => {
		if (isReleased) return;
		isReleased = true;
		release();
	};
};
