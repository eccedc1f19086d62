/** The `filesystem` driver: objects as files under a root of their own, on a local or mounted file system. */
import { resolve } from "node:path";
import type { BlobStore } from "#/storage/blob-store.ts";
import type { BufferPool } from "#/storage/buffer-pool.ts";
import type { ByteBudget } from "#/storage/byte-budget.ts";
import { StoreError } from "#/storage/store-error.ts";
import { DurableDirectories } from "./durable-directories.ts";
import { errnoOf, unless, withStoreErrors } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { FilesystemBlobStore } from "./filesystem-blob-store.ts";
import type { IoThread } from "./io-thread.ts";
import { layoutOf } from "./layout.ts";
import { claimRoot, makeRoot } from "./marker.ts";

/** Which store to open, and where. */
export interface FilesystemStoreOpts {
	/** The directory that is the store's alone. A relative one is taken from the working directory. */
	readonly root: string;
	/** What the marker in the root must say, so that one store's volume is never taken for another's. */
	readonly id: string;
	/**
	 * Whether an empty or missing root becomes this store. Give false once the store has objects: an empty root then
	 * is a volume that is not mounted.
	 */
	readonly create: boolean;
	/** Nothing will be written: the root must be the store's already, and may be mounted read-only. @defaultValue false */
	readonly readOnly?: boolean;
}

/** What all filesystem stores of a process share. */
export interface FilesystemStoreDeps {
	readonly fileSystem: FileSystem;
	readonly pool: BufferPool;
	/** Bytes of uploads that wait to be written. */
	readonly budget: ByteBudget;
	readonly thread: IoThread;
	/** Gives an id that no other process gives. */
	readonly id: () => string;
}

/**
 * Opens the store at `opts.root`.
 *
 * @throws StoreError UNAVAILABLE or DENIED, with a message for the operator, when the root cannot be made, is read-only,
 * is not mounted, or is not this store's
 */
export const openFilesystemStore = async (opts: FilesystemStoreOpts, deps: FilesystemStoreDeps): Promise<BlobStore> => {
	const { fileSystem } = deps;
	const layout = layoutOf(resolve(opts.root));
	await withStoreErrors(`store ${opts.id} at ${layout.root}`, async () => {
		if (opts.readOnly === true) {
			return await claimRoot(fileSystem, layout, { id: opts.id, create: false, nonce: deps.id() });
		}
		if (opts.create) await makeRoot(fileSystem, layout.root);
		await assertWritable(fileSystem, layout.root);
		await claimRoot(fileSystem, layout, { id: opts.id, create: opts.create, nonce: deps.id() });
		await unless(["EEXIST"], () => fileSystem.makeDirectory(layout.data));
		await unless(["EEXIST"], () => fileSystem.makeDirectory(layout.staged));
		await fileSystem.fsyncDirectory(layout.root);
	});
	const directories = new DurableDirectories(fileSystem, [layout.data, layout.staged]);
	return new FilesystemBlobStore(layout, { ...deps, directories });
};

const WHY: Readonly<Record<string, string>> = {
	ENOENT: "does not exist: is its volume mounted?",
	EROFS: "is on a file system that is mounted read-only",
	EACCES: "may not be read and written by this user",
	ENOTDIR: "is not a directory",
};

/** Says what is wrong in words, for this is the failure that operators meet. */
const assertWritable = async (fileSystem: FileSystem, root: string): Promise<void> => {
	try {
		await fileSystem.checkWritable(root);
	} catch (error) {
		throw explain(root, error);
	}
};

const explain = (root: string, error: unknown): unknown => {
	const why = WHY[errnoOf(error) ?? ""];
	return why === undefined ? error : new StoreError("UNAVAILABLE", `${root} ${why}`, { cause: error });
};
