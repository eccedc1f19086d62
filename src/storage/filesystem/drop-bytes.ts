/** What is left of `pieces` after their first `count` bytes; empty pieces before the rest go too. */
export const dropBytes = (pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] => {
	let left = count;
	for (const [index, piece] of pieces.entries()) {
		if (piece.byteLength > left) return [piece.subarray(left), ...pieces.slice(index + 1)];
		left -= piece.byteLength;
	}
	return [];
};
