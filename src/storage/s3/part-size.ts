/** The most parts that an upload may have, at any store. */
export const MAX_PARTS = 10_000;

const MIB = 1024 * 1024;

/**
 * Bytes of every part but the last. All are equal, for there are stores that take nothing else, so it is settled
 * before the first is sent: as configured, or larger where the blob is known to be too large for that.
 *
 * @param configured bytes
 * @param size bytes of the blob, where they are known; without, at most `configured` × 10,000 can be written
 */
export const choosePartSize = (configured: number, size: number | undefined): number =>
	size === undefined ? configured : Math.max(configured, Math.ceil(size / MAX_PARTS / MIB) * MIB);
