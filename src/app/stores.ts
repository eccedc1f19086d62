import { join } from "node:path";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { type FilesystemStoreOpts, openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { openRootNotes } from "#/storage/filesystem/root-notes.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { hasBegun, refuseFormer } from "#/storage/migrating/begin.ts";
import { MigratingBlobStore } from "#/storage/migrating/migrating-blob-store.ts";
import { MigrationNotes } from "#/storage/migration-notes.ts";
import type { Config } from "./config/schema.ts";
import type { StoreConfig } from "./config/store-schema.ts";
import { describeObjectStore } from "./describe-store.ts";
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
	 * Opens a store whole, at both places where it is being migrated.
	 *
	 * @param fresh whether no object of the store was ever whole, so that an empty root is no missing volume
	 * @throws StoreError
	 */
	open(name: string, settings: StoreConfig, fresh: boolean): Promise<BlobStore>;
	/** Opens one of which nothing will be written. @throws StoreError */
	openToRead(name: string, settings: StoreConfig): Promise<BlobStore>;
	/** The places of a store that is being migrated, for who opens each by itself; absent: it is not. */
	places(name: string, settings: StoreConfig): MigrationPlaces | undefined;
}

/** The two places of a store that is being migrated. */
export interface MigrationPlaces {
	/** What is kept beside the files. */
	readonly notes: MigrationNotes;
	/** Where it goes, in words for people. */
	readonly to: string;
	/** @throws StoreError */
	openFormer(fresh: boolean): Promise<BlobStore>;
	/** @throws StoreError */
	openTarget(): Promise<BlobStore>;
}

/** Makes the opener, with what all stores of a process share. */
export const createStoreOpener = (config: Config, newId: () => string): StoreOpener => {
	const pool = new BufferPool();
	const budget = new ByteBudget(UNWRITTEN_BYTES);
	const parts = new ByteBudget(PARTS_BYTES);
	const thread = new IoThread();
	const shared = { budget: parts, newId, now: Date.now };
	const openFiles = (name: string, root: string, how: OpenHow) =>
		openFilesystemStore({ root, id: name, ...how }, { fileSystem: nodeFileSystem, pool, budget, thread, id: newId });
	const openElsewhere = async ({ s3, gcs, azure }: Omit<StoreConfig, "filesystem">): Promise<BlobStore> => {
		if (s3 !== undefined) return openS3(s3, shared);
		if (gcs !== undefined) return openGcs(gcs, { ...shared, random: Math.random });
		return azure === undefined ? openMemoryStore(shared) : openAzure(azure, shared);
	};
	const rootOf = (name: string, root: string | undefined) => root ?? join(config.dataDir, "stores", name);
	const places = (name: string, { filesystem }: StoreConfig): MigrationPlaces | undefined => {
		if (filesystem?.migrateTo === undefined) return undefined;
		const { migrateTo } = filesystem;
		const root = rootOf(name, filesystem.root);
		return {
			notes: new MigrationNotes(openRootNotes({ fileSystem: nodeFileSystem, id: newId }, root)),
			to: describeObjectStore(migrateTo),
			openFormer: (fresh) => openFiles(name, root, { create: fresh }),
			openTarget: () => openElsewhere(migrateTo),
		};
	};
	const open = async (name: string, settings: StoreConfig, how: OpenHow): Promise<BlobStore> => {
		const { filesystem } = settings;
		if (filesystem === undefined) return await openElsewhere(settings);
		const root = rootOf(name, filesystem.root);
		const both = places(name, settings);
		if (both !== undefined) return await openBoth(name, both, how.create);
		const notes = new MigrationNotes(openRootNotes({ fileSystem: nodeFileSystem, id: newId }, root));
		const files = await openFiles(name, root, how);
		const refused = await refuseFormer(notes, name);
		if (refused === undefined) return files;
		await files[Symbol.asyncDispose]();
		throw refused;
	};
	return {
		open: (name, settings, fresh) => open(name, settings, { create: fresh }),
		openToRead: (name, settings) => open(name, settings, { create: false, readOnly: true }),
		places,
		[Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
	};
};

type OpenHow = Pick<FilesystemStoreOpts, "create" | "readOnly">;

/** Both places as one store; the files alone as long as no registry has begun with the migration. */
const openBoth = async (name: string, places: MigrationPlaces, fresh: boolean): Promise<BlobStore> => {
	await using opening = new AsyncDisposableStack();
	const former = opening.use(await places.openFormer(fresh));
	const target = opening.use(await places.openTarget());
	const begun = await hasBegun({ ...places, target }, { store: name, to: places.to }, new AbortController().signal);
	if (!begun) await target[Symbol.asyncDispose]();
	opening.move();
	return begun ? new MigratingBlobStore({ former, target }) : former;
};
