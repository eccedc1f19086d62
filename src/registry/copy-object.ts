import { algorithmOf, type Digest } from "#/oci/digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";

/** An object in its store. */
export interface Located {
	readonly store: BlobStore;
	readonly key: string;
}

/**
 * Copies a blob from store to store under a key that was never used. The bytes are compared with their digest on the way;
 * what is not whole is not kept.
 *
 * @throws StoreError CORRUPT when the bytes are not those of the digest
 */
export const copyObject = async (
	from: Located,
	to: Located,
	{ digest, size }: { readonly digest: Digest; readonly size: number },
	signal: AbortSignal,
): Promise<void> => {
	const algorithm = algorithmOf(digest);
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
		if (actual !== digest || writer.offset !== size) {
			throw new StoreError("CORRUPT", `${from.key} is ${actual}, of ${writer.offset} bytes: expected ${digest}`);
		}
		await writer.commit(signal);
	} catch (error) {
		await writer.abort(AbortSignal.timeout(ABORT_MS)).catch(() => undefined);
		throw error;
	}
};

/** How long it may take to drop what was staged, milliseconds; its intent has it dropped later, else. */
const ABORT_MS = 10_000;
