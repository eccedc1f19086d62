import { MasterKeyError } from "#/auth/master-key-error.ts";
import { backupError } from "./backup-error.ts";

/** What seals and opens, see `MasterKey`. */
export interface ArchiveSealer {
	seal(plain: Uint8Array, purpose: string): Uint8Array;
	open(sealed: Uint8Array, purpose: string): Uint8Array;
}

/** Bytes that are sealed together. */
const FRAME = 256 * 1024;
/** What sealing adds to them: see `MasterKey`. */
const ADDED = 37;

/**
 * Seals an object frame by frame. Each is bound to the key, to its place, and to whether it is the last: none can be
 * left out, moved or put into another object unnoticed.
 */
export async function* sealPieces(
	sealer: ArchiveSealer,
	key: string,
	pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
	let index = 0;
	for await (const { frame, isLast } of frames(pieces, FRAME))
		yield sealer.seal(frame, purposeOf(key, index++, isLast));
}

/** The bytes that {@link sealPieces} sealed. @throws BackupError SEALED, CORRUPT */
export async function* openPieces(
	sealer: ArchiveSealer,
	key: string,
	pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
	let index = 0;
	for await (const { frame, isLast } of frames(pieces, FRAME + ADDED)) {
		yield open(sealer, frame, { key, purpose: purposeOf(key, index++, isLast) });
	}
}

const purposeOf = (key: string, index: number, isLast: boolean): string =>
	`archive:${key}:${index}${isLast ? ":last" : ""}`;

const open = (
	sealer: ArchiveSealer,
	frame: Uint8Array,
	{ key, purpose }: { readonly key: string; readonly purpose: string },
): Uint8Array => {
	try {
		return sealer.open(frame, purpose);
	} catch (cause) {
		if (!(cause instanceof MasterKeyError)) throw cause;
		if (cause.code === "OTHER_KEY") {
			throw backupError("SEALED", `${key} in the archive was sealed with another key than the one given`, cause);
		}
		throw backupError("CORRUPT", `${key} in the archive was changed, or is cut short`, cause);
	}
};

/** The same bytes in pieces of one size, but for the last; nothing is one empty piece. */
async function* frames(
	pieces: AsyncIterable<Uint8Array>,
	size: number,
): AsyncGenerator<{ readonly frame: Uint8Array; readonly isLast: boolean }> {
	let held: Buffer[] = [];
	let length = 0;
	for await (const piece of pieces) {
		held.push(Buffer.from(piece));
		length += piece.byteLength;
		if (length <= size) continue;
		const bytes = Buffer.concat(held, length);
		let from = 0;
		// The last one waits, for it may be the last of all.
		for (; length - from > size; from += size) yield { frame: bytes.subarray(from, from + size), isLast: false };
		held = [bytes.subarray(from)];
		length -= from;
	}
	yield { frame: Buffer.concat(held, length), isLast: true };
}
