import { createHash } from "node:crypto";
import { algorithmOf, type Digest, formatDigest } from "#/oci/digest.ts";
import { readObject } from "#/registry/journal/read-object.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { BackupError } from "./backup-error.ts";

/** A blob where a registry keeps it. */
export interface StoredBlob {
	readonly digest: Digest;
	readonly key: string;
	/** Bytes. */
	readonly size: number;
}

/** The same pieces; at their end it throws what `wrong` makes when they do not have the digest. */
async function* checked(
	digest: Digest,
	pieces: AsyncIterable<Uint8Array>,
	wrong: (actual: Digest) => Error,
): AsyncGenerator<Uint8Array> {
	const algorithm = algorithmOf(digest);
	const hash = createHash(algorithm);
	for await (const piece of pieces) {
		hash.update(piece);
		yield piece;
	}
	const actual = formatDigest(algorithm, hash.digest("hex"));
	if (actual !== digest) throw wrong(actual);
}

/** The bytes of a blob of a registry. Absent when its store does not have it. @throws BackupError CORRUPT, StoreError */
export const readStoredBlob = async (
	store: BlobStore,
	{ digest, key }: Pick<StoredBlob, "digest" | "key">,
	signal: AbortSignal,
): Promise<AsyncGenerator<Uint8Array> | undefined> => {
	if ((await store.stat(key, signal)) === undefined) return undefined;
	return checked(
		digest,
		readObject(store, key, signal),
		(actual) => new BackupError("CORRUPT", `the registry's own blob ${digest} under ${key} has the digest ${actual}`),
	);
};

/** The bytes of a blob of an archive. */
export const readArchivedBlob = (
	archive: { read(key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> },
	{ digest, key }: { readonly digest: Digest; readonly key: string },
	signal: AbortSignal,
): AsyncGenerator<Uint8Array> =>
	checked(
		digest,
		archive.read(key, signal),
		(actual) => new BackupError("CORRUPT", `the blob ${digest} under ${key} in the archive has the digest ${actual}`),
	);

/** Reads pieces to their end. @returns bytes */
export const drain = async (pieces: AsyncIterable<Uint8Array>): Promise<number> => {
	let size = 0;
	for await (const piece of pieces) size += piece.byteLength;
	return size;
};

/** Whether a store said that an object is not there. */
export const isAbsence = (error: unknown): boolean => error instanceof StoreError && error.code === "NOT_FOUND";
