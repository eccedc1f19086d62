import type { BlobStore } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import type { BlobStoreHarness } from "../conformance/blob-store.ts";

/**
 * The memory driver under test.
 *
 * @param disguise what stands between the tests and the driver, to plant faults
 */
export function openMemoryHarness(disguise: (store: BlobStore) => BlobStore = (store) => store): BlobStoreHarness {
	const objects = new MemoryObjects();
	const open = (): BlobStore => disguise(openMemoryStore({ now: Date.now, objects }));
	return {
		store: open(),
		fencesWriters: true,
		reopen: async () => open(),
		corrupt: async (key) => {
			const bytes = objects.finished.get(key)?.bytes;
			if (bytes?.[1000] !== undefined) bytes[1000] ^= 1;
		},
		dropPart: async (key) => {
			objects.staged.delete(key);
		},
		[Symbol.asyncDispose]: async () => undefined,
	};
}
