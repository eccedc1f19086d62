import { LRUCache } from "@thi.ng/cache/lru";
import type { BlobLocation } from "#/metadata/blobs.ts";
import type { BlobStore } from "#/storage/blob-store.ts";

/** Blobs up to this size are kept in memory once they were read: configs, signatures, SBOM fragments. Bytes. */
const MAX_BLOB_BYTES = 64 * 1024;

/**
 * The bytes of small blobs that were read last. A key is never used twice, so what is kept under it never changes;
 * whether a repository may have it is asked of metadata each time.
 */
export class SmallBlobs {
	readonly #cache: LRUCache<string, Uint8Array>;

	/** @param maxBytes of all blobs together @defaultValue 32 MiB */
	constructor(maxBytes = 32 * 1024 * 1024) {
		this.#cache = new LRUCache<string, Uint8Array>(null, {
			maxsize: maxBytes,
			// An entry costs a key and two objects besides its bytes.
			ksize: (key) => key.length + 128,
			vsize: (bytes) => bytes.byteLength,
		});
	}

	/** All bytes of the blob; undefined when it is too large to be kept. Throws as {@link BlobStore.open} does. */
	read(store: BlobStore, blob: BlobLocation, signal: AbortSignal): Uint8Array | Promise<Uint8Array> | undefined {
		if (blob.size > MAX_BLOB_BYTES) return undefined;
		const id = `${blob.store}/${blob.key}`;
		return this.#cache.get(id) ?? this.#load(store, blob, id, signal);
	}

	async #load(store: BlobStore, { key, size }: BlobLocation, id: string, signal: AbortSignal): Promise<Uint8Array> {
		await using open = await store.open(key, signal);
		const bytes = new Uint8Array(size);
		let offset = 0;
		if (size > 0) {
			for await (const chunk of open.chunks({ start: 0, end: size - 1 }, signal, () => MAX_BLOB_BYTES)) {
				bytes.set(chunk.bytes, offset);
				offset += chunk.bytes.byteLength;
				chunk.release();
			}
		}
		this.#cache.set(id, bytes);
		return bytes;
	}
}
