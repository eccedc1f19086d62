import { LRUCache } from "@thi.ng/cache/lru";
import type { Digest } from "#/oci/digest.ts";

/** Manifest payloads by digest. They never change, so an entry needs no expiry; whether it may be read is asked elsewhere. */
export interface ManifestCache {
	find(digest: Digest): Uint8Array | undefined;
	put(digest: Digest, payload: Uint8Array): void;
}

/**
 * Keeps the payloads that were used last.
 *
 * @param maxBytes of payloads @defaultValue 32 MiB
 */
export const createManifestCache = (maxBytes = 32 * 1024 * 1024): ManifestCache => {
	const cache = new LRUCache<Digest, Uint8Array>(null, {
		maxsize: maxBytes,
		// Entries that are small still cost a key and two objects.
		ksize: (digest) => digest.length + 128,
		vsize: (payload) => payload.byteLength,
	});
	return {
		find: (digest) => cache.get(digest),
		put: (digest, payload) => {
			cache.set(digest, payload);
		},
	};
};
