import { createHash } from "node:crypto";
import { algorithmOf, type Digest, formatDigest } from "#/oci/digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";

/**
 * Reads an object to its end.
 *
 * @param like a digest of the algorithm that is wanted
 * @throws StoreError NOT_FOUND, CORRUPT when it ends early
 */
export const readDigest = async (store: BlobStore, key: string, like: Digest, signal: AbortSignal): Promise<Digest> => {
	const algorithm = algorithmOf(like);
	const hash = createHash(algorithm);
	await using blob = await store.open(key, signal);
	for await (const chunk of blob.chunks(undefined, signal)) {
		hash.update(chunk.bytes);
		chunk.release();
	}
	return formatDigest(algorithm, hash.digest("hex"));
};
