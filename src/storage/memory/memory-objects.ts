/** A finished object. */
export interface MemoryObject {
	readonly bytes: Uint8Array;
	readonly modifiedAt: number;
}

/** An unfinished object. */
export interface MemoryStaged {
	readonly pieces: Uint8Array[];
	size: number;
	/** Bytes that outlive the writer; absent before the first checkpoint. */
	checkpoint: number | undefined;
	modifiedAt: number;
}

/** The contents of one or more memory stores: what a disk is to the filesystem driver. */
export class MemoryObjects {
	readonly finished = new Map<string, MemoryObject>();
	readonly staged = new Map<string, MemoryStaged>();
}

/** Cuts an unfinished object down to its first `size` bytes. */
export const truncateStaged = (staged: MemoryStaged, size: number): void => {
	const bytes = Buffer.concat(staged.pieces).subarray(0, size);
	staged.pieces.length = 0;
	staged.pieces.push(bytes);
	staged.size = size;
};
