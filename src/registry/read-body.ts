import type { Body } from "./registry.ts";

/**
 * The whole body as one array; undefined as soon as it is longer than `limit` bytes, the rest being left unread.
 *
 * @throws whatever the body throws
 */
export const readBody = async (body: Body, limit: number): Promise<Uint8Array | undefined> => {
	const pieces: Uint8Array[] = [];
	let size = 0;
	for await (const piece of body) {
		size += piece.byteLength;
		if (size > limit) return undefined;
		pieces.push(piece);
	}
	const [only] = pieces;
	if (only !== undefined && pieces.length === 1) return only;
	return Buffer.concat(pieces, size);
};
