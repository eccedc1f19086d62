import { algorithmOf, type Digest } from "#/oci/digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";

/** An object in its store. */
export interface Located {
	readonly store: BlobStore;
	readonly key: string;
}

/** Where a copy goes. */
export interface Destination extends Located {
	/**
	 * Whether other processes may copy to this key, too: what is there after a failure may be theirs, and is left.
	 *
	 * @defaultValue false
	 */
	readonly isShared?: boolean;
}

/**
 * Copies an object from store to store, under a key at which the other one has none. The bytes are compared on the way with
 * their size, and with their digest where there is one; what is not whole is not kept.
 *
 * @throws StoreError CORRUPT when the bytes are not those of the digest
 */
export const copyObject = async (
	from: Located,
	to: Destination,
	{ digest, size }: { readonly digest?: Digest | undefined; readonly size: number },
	signal: AbortSignal,
): Promise<void> => {
	const algorithm = digest === undefined ? "sha256" : algorithmOf(digest);
	await using source = await from.store.open(from.key, signal);
	await using writer = await to.store.write(to.key, { algorithm, size }, signal);
	try {
		for await (const { bytes, release } of source.chunks(undefined, signal)) {
			// The writer keeps what it takes, and the reader wants its buffer back.
			const own = Buffer.from(bytes);
			release();
			await writer.append(own);
		}
		const actual = await writer.digest(algorithm, signal);
		if (actual !== (digest ?? actual) || writer.offset !== size) {
			const expected = `${digest === undefined ? "" : `${digest}, of `}${size} bytes`;
			throw new StoreError("CORRUPT", `${from.key} is ${actual}, of ${writer.offset} bytes: expected ${expected}`);
		}
		await writer.commit(signal);
	} catch (error) {
		if (to.isShared !== true) await writer.abort(AbortSignal.timeout(ABORT_MS)).catch(() => undefined);
		throw error;
	}
};

/** How long it may take to drop what was staged, milliseconds; its intent has it dropped later, else. */
const ABORT_MS = 10_000;
