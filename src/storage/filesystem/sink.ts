import type { Algorithm, Digest } from "#/oci/digest.ts";
import { RunningDigest } from "#/storage/running-digest.ts";
import type { OpenFile } from "./file-system.ts";
import { freePiece } from "./own-memory.ts";

/** Where the bytes of an upload go, and where they are hashed on their way. */
export interface Sink {
	/** Takes the pieces over. Calls are started in the order of the bytes; the next may start before one is done. */
	write(pieces: readonly Uint8Array[], position: number): Promise<void>;
	/** The digest of all bytes; undefined where they are not hashed on their way. Nothing may be under way. */
	digest(): Promise<Digest | undefined>;
	/** Gives up what the sink holds; the file is not touched any more afterwards. Never fails. */
	end(): Promise<void>;
}

/** Hashes on this thread and writes through the file: for small bodies, which so never pay for a hop. */
export const localSink = (file: OpenFile, algorithm: Algorithm): Sink => {
	const hash = new RunningDigest(algorithm);
	return {
		write: (pieces, position) => {
			// The disk is at work while this thread hashes.
			const writing = file.write(pieces, position);
			for (const piece of pieces) hash.update(piece);
			return freeAfter(writing, pieces);
		},
		digest: () => Promise.resolve(hash.digest()),
		end: () => Promise.resolve(),
	};
};

/** Writes only: for an upload taken up in the middle, whose earlier bytes must be read again in any case. */
export const plainSink = (file: OpenFile): Sink => ({
	write: (pieces, position) => freeAfter(file.write(pieces, position), pieces),
	digest: () => Promise.resolve(undefined),
	end: () => Promise.resolve(),
});

const freeAfter = async (writing: Promise<void>, pieces: readonly Uint8Array[]): Promise<void> => {
	await writing;
	for (const piece of pieces) freePiece(piece);
};
