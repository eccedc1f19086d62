import type { Readable } from "node:stream";
import type { Algorithm, Digest } from "#/oci/digest.ts";
import type { ByteRange, Chunk, OpenBlob } from "./blob-store.ts";
import { RunningDigest } from "./running-digest.ts";
import { StoreError } from "./store-error.ts";

/** A range of an object on its way. */
export interface IncomingRange {
	readonly body: Readable;
	/** Bytes that this answer brings; absent where the store does not tell. */
	readonly length: number | undefined;
	/** Bytes of the whole object; absent where the store does not tell. */
	readonly total: number | undefined;
}

/** A finished object that is read by ranges. */
export interface RangedObject {
	readonly key: string;
	/** Bytes. */
	readonly size: number;
	/** Begins to read. The signal may end the body as well. @throws StoreError */
	get(range: ByteRange, signal: AbortSignal): Promise<IncomingRange>;
	/** What to throw for a failure of the body. */
	toStoreError(error: unknown, doing: string): unknown;
}

/** Largest chunk when the reader asks for none. */
const CHUNK_BYTES = 512 * 1024;

/** Broken answers in a row, none of which brought a byte, after which a read fails. */
const MAX_FRUITLESS = 3;

/** Opens an object: one request for each range that is read, ended when the reader leaves. */
export const openRanges = (object: RangedObject): OpenBlob => {
	const closing = new AbortController();
	return {
		size: object.size,
		chunks: (range, signal, sizeHint = () => CHUNK_BYTES) =>
			readChunks(object, range ?? { start: 0, end: object.size - 1 }, {
				signal: AbortSignal.any([signal, closing.signal]),
				sizeHint,
			}),
		[Symbol.asyncDispose]: async () => {
			closing.abort(new StoreError("UNAVAILABLE", `${object.key} was closed while it was read`));
		},
	};
};

/** The digest of a whole object, read for it. */
export const readDigest = async (object: RangedObject, algorithm: Algorithm, signal: AbortSignal): Promise<Digest> => {
	const hash = new RunningDigest(algorithm);
	for await (const chunk of openRanges(object).chunks(undefined, signal)) hash.update(chunk.bytes);
	return hash.digest();
};

/**
 * The bytes of `range`. When the connection breaks, what is left is asked for anew, so that a client which reads for
 * minutes does not see it.
 */
async function* readChunks(
	object: RangedObject,
	range: ByteRange,
	{ signal, sizeHint }: { readonly signal: AbortSignal; readonly sizeHint: () => number },
): AsyncGenerator<Chunk, void, undefined> {
	const { key, size } = object;
	let position = range.start;
	let fruitless = 0;
	signal.throwIfAborted();
	while (position <= range.end) {
		const { body, length, total } = await object.get({ start: position, end: range.end }, signal);
		const stop = (): unknown => body.destroy(toError(signal.reason));
		signal.addEventListener("abort", stop, { once: true });
		// What it complains of when nobody reads it any more concerns nobody.
		body.on("error", () => undefined);
		try {
			if ((total ?? size) !== size || (length ?? range.end + 1 - position) !== range.end + 1 - position) {
				throw new StoreError("CORRUPT", `${key} has ${total} bytes of ${size}`);
			}
			for await (const piece of body) {
				for (const bytes of cut(piece, sizeHint)) {
					signal.throwIfAborted();
					position += bytes.byteLength;
					fruitless = 0;
					yield { bytes, release: () => undefined };
				}
			}
			if (position <= range.end) throw new StoreError("CORRUPT", `${key} ends at byte ${position} of ${size}`);
		} catch (error) {
			signal.throwIfAborted();
			if (error instanceof StoreError || ++fruitless >= MAX_FRUITLESS) throw object.toStoreError(error, `read ${key}`);
		} finally {
			signal.removeEventListener("abort", stop);
			body.destroy();
		}
	}
}

/** Cuts what the connection brought into what the reader asks for, asking again for each. */
function* cut(piece: unknown, sizeHint: () => number): Generator<Uint8Array, void, undefined> {
	if (!(piece instanceof Uint8Array)) throw new TypeError("the body brings no bytes");
	for (let at = 0; at < piece.byteLength; ) {
		const end = Math.min(piece.byteLength, at + Math.max(1, sizeHint()));
		yield piece.subarray(at, end);
		at = end;
	}
}

const toError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)));
