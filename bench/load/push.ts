import { createHash, type Hash, randomBytes } from "node:crypto";
import type { HttpClient } from "./http-client.ts";

/** Bytes to push that no registry has yet. */
export interface Body {
	readonly digest: string;
	readonly size: number;
	readonly pieces: readonly Uint8Array[];
}

/** How a blob is pushed: bytes with the PUT, or in PATCHes of at most 64 MiB and an empty PUT. */
export type PushStyle = "monolithic" | "chunked";

const PIECE_BYTES = 256 * 1024;
const CHUNK_BYTES = 64 * 1024 * 1024;
const TAIL_BYTES = 32;

/** Makes bodies of one size that differ in their last bytes only, so that a digest costs the client next to nothing. */
export class Bodies {
	readonly #hash: Hash = createHash("sha256");
	readonly #pieces: readonly Uint8Array[];
	readonly #size: number;

	/** @param size bytes, more than 32 */
	constructor(size: number) {
		const noise = randomBytes(Math.min(size, 8 * 1024 * 1024));
		const pieces: Uint8Array[] = [];
		for (let left = size - TAIL_BYTES; left > 0; ) {
			const at = ((pieces.length * PIECE_BYTES) % noise.byteLength) | 0;
			const piece = noise.subarray(at, at + Math.min(left, PIECE_BYTES));
			this.#hash.update(piece);
			pieces.push(piece);
			left -= piece.byteLength;
		}
		this.#pieces = pieces;
		this.#size = size;
	}

	/** Another body. */
	next(): Body {
		const tail = randomBytes(TAIL_BYTES);
		const digest = `sha256:${this.#hash.copy().update(tail).digest("hex")}`;
		return { digest, size: this.#size, pieces: [...this.#pieces, tail] };
	}
}

/** Pushes a blob. @throws when it was not taken */
export const pushBlob = async (client: HttpClient, repository: string, body: Body, style: PushStyle): Promise<void> => {
	const opened = await client.send("POST", `/v2/${repository}/blobs/uploads/`, 202);
	let location = locationOf(opened.location);
	const chunks = style === "chunked" ? chunksOf(body) : [];
	for (const { start, size, pieces } of chunks) {
		const range = { "content-range": `${start}-${start + size - 1}` };
		location = locationOf((await client.send("PATCH", location, 202, pieces, range)).location);
	}
	const end = `${location}${location.includes("?") ? "&" : "?"}digest=${body.digest}`;
	await client.send("PUT", end, 201, style === "chunked" ? [] : body.pieces);
};

const chunksOf = ({ pieces }: Body): readonly { start: number; size: number; pieces: Uint8Array[] }[] => {
	const chunks: { start: number; size: number; pieces: Uint8Array[] }[] = [];
	for (const piece of pieces) {
		const last = chunks.at(-1);
		if (last !== undefined && last.size + piece.byteLength <= CHUNK_BYTES) {
			last.size += piece.byteLength;
			last.pieces.push(piece);
		} else {
			const start = last === undefined ? 0 : last.start + last.size;
			chunks.push({ start, size: piece.byteLength, pieces: [piece] });
		}
	}
	return chunks;
};

/** Path and query; distribution answers with a whole address. */
const locationOf = (location: string | undefined): string => {
	const { pathname, search } = new URL(location ?? "", "http://127.0.0.1");
	return pathname + search;
};
