import { isMarkedAsUntransferable } from "node:worker_threads";

/**
 * Frees the memory of a piece that nobody will look at any more, now: waiting for the collector lets a fast upload pile
 * up hundreds of megabytes, and memory that piles up is what makes the collector run. A piece that shares its memory with
 * others (a slice, a pooled buffer) is left alone.
 */
export const freePiece = (piece: Uint8Array): void => {
	if (ownsMemory(piece)) piece.buffer.transfer(0);
};

/**
 * The piece with memory of its own: itself where it spans its whole buffer, a copy where it shares it with others
 * (a slice, a pooled buffer), for moving the buffer would take their bytes away too.
 */
export const toOwned = (piece: Uint8Array): Uint8Array<ArrayBuffer> =>
	ownsMemory(piece) ? new Uint8Array(piece.buffer) : new Uint8Array(piece);

const ownsMemory = (piece: Uint8Array): piece is Uint8Array<ArrayBuffer> =>
	piece.buffer instanceof ArrayBuffer &&
	piece.byteLength === piece.buffer.byteLength &&
	!isMarkedAsUntransferable(piece.buffer);
