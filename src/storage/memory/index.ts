/** The `memory` driver: objects in this process's memory, for trying things out and for tests. */
import type { BlobStore } from "#/storage/blob-store.ts";
import { MemoryBlobStore } from "./memory-blob-store.ts";
import { MemoryObjects } from "./memory-objects.ts";

/** What a memory store works with. */
export interface MemoryStoreDeps {
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** Where the objects are, for stores that share them. @defaultValue none yet */
	readonly objects?: MemoryObjects;
}

/** Opens a store over `deps.objects`: what one store wrote, another one over the same objects finds. */
export const openMemoryStore = (deps: MemoryStoreDeps): BlobStore =>
	new MemoryBlobStore(deps.objects ?? new MemoryObjects(), deps.now);
