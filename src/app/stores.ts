import { join } from "node:path";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { type FilesystemStoreOpts, openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import type { Config } from "./config/schema.ts";
import type { StoreConfig } from "./config/store-schema.ts";
import { openAzure } from "./open-azure.ts";
import { openGcs } from "./open-gcs.ts";
import { openS3 } from "./open-s3.ts";

/** Bytes of uploads that may wait to be written before senders have to. */
const UNWRITTEN_BYTES = 64 * 1024 * 1024;

/** Bytes of parts on their way to object stores before writers send one part after the other. */
const PARTS_BYTES = 256 * 1024 * 1024;

/** Opens stores of the kinds that the configuration can name. */
export interface StoreOpener extends AsyncDisposable {
	/**
	 * @param fresh whether no object of the store was ever whole, so that an empty root is no missing volume
	 * @throws StoreError
	 */
	open(name: string, settings: StoreConfig, fresh: boolean): Promise<BlobStore>;
	/** Opens one of which nothing will be written. @throws StoreError */
	openToRead(name: string, settings: StoreConfig): Promise<BlobStore>;
}

/** Makes the opener, with what all stores of a process share. */
export const createStoreOpener = (config: Config, newId: () => string): StoreOpener => {
	const pool = new BufferPool();
	const budget = new ByteBudget(UNWRITTEN_BYTES);
	const parts = new ByteBudget(PARTS_BYTES);
	const thread = new IoThread();
	const open = async (name: string, settings: StoreConfig, how: Pick<FilesystemStoreOpts, "create" | "readOnly">) => {
		if (settings.filesystem !== undefined) {
			const root = settings.filesystem.root ?? join(config.dataDir, "stores", name);
			const deps = { fileSystem: nodeFileSystem, pool, budget, thread, id: newId };
			return openFilesystemStore({ root, id: name, ...how }, deps);
		}
		if (settings.s3 !== undefined) return openS3(settings.s3, { budget: parts, newId, now: Date.now });
		if (settings.gcs !== undefined) {
			return openGcs(settings.gcs, { budget: parts, newId, now: Date.now, random: Math.random });
		}
		if (settings.azure !== undefined) return openAzure(settings.azure, { budget: parts, newId, now: Date.now });
		return openMemoryStore({ now: Date.now });
	};
	return {
		open: (name, settings, fresh) => open(name, settings, { create: fresh }),
		openToRead: (name, settings) => open(name, settings, { create: false, readOnly: true }),
		[Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
	};
};
