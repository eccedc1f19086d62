import { dirname } from "node:path";
import type { BlobStore, BlobWriter, ObjectStat, OpenBlob, WriteOpts, WriterState } from "#/storage/blob-store.ts";
import type { BufferPool } from "#/storage/buffer-pool.ts";
import { type ListedObject, mergeListings } from "#/storage/merge-listings.ts";
import { StoreError } from "#/storage/store-error.ts";
import { FileBlob } from "./file-blob.ts";
import { toStoreError, unless, withStoreErrors } from "./file-error.ts";
import type { OpenFile } from "./file-system.ts";
import { type Layout, type ObjectPaths, pathsOf } from "./layout.ts";
import { StagedWriter, type StagedWriterDeps } from "./staged-writer.ts";
import { walk } from "./walk.ts";

/** What the store works with. */
export interface FilesystemBlobStoreDeps extends StagedWriterDeps {
	readonly pool: BufferPool;
}

/**
 * Objects as files, see {@link Layout}. Several processes may work on one root. No key may continue another one after
 * a `/`: a file cannot also be a directory.
 */
export class FilesystemBlobStore implements BlobStore {
	readonly driver = "filesystem";
	readonly #layout: Layout;
	readonly #deps: FilesystemBlobStoreDeps;

	constructor(layout: Layout, deps: FilesystemBlobStoreDeps) {
		this.#layout = layout;
		this.#deps = deps;
	}

	async stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		const { data } = pathsOf(this.#layout, key);
		signal.throwIfAborted();
		const stat = await withStoreErrors(`stat ${key}`, () =>
			unless(["ENOENT", "ENOTDIR"], () => this.#deps.fileSystem.stat(data)),
		);
		return stat?.kind === "file" ? { key, size: stat.size, modifiedAt: stat.modifiedAt } : undefined;
	}

	async open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		const { data } = pathsOf(this.#layout, key);
		signal.throwIfAborted();
		return await withStoreErrors(`open ${key}`, async () => {
			const { file, size } = await this.#openFile(data, "read", key);
			return new FileBlob(file, size, this.#deps.pool);
		});
	}

	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		const paths = pathsOf(this.#layout, key);
		signal.throwIfAborted();
		const file = await withStoreErrors(`write ${key}`, () => this.#createStaged(paths));
		return new StagedWriter(this.#deps, {
			key,
			paths,
			file,
			algorithm: opts.algorithm ?? "sha256",
			offset: 0,
			isDurable: false,
			size: opts.size,
		});
	}

	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		const paths = pathsOf(this.#layout, key);
		const offset = offsetOf(state);
		signal.throwIfAborted();
		const { file, isCut } = await withStoreErrors(`resume ${key}`, () => this.#openStaged(key, paths, offset));
		return new StagedWriter(this.#deps, {
			key,
			paths,
			file,
			algorithm: opts.algorithm ?? "sha256",
			offset,
			isDurable: !isCut,
			size: opts.size,
		});
	}

	/**
	 * Without an fsync: a power cut may bring the file back, which harms nothing but room. Its key is never used again,
	 * no row of a blob names it, and `list` shows it to whoever looks for such files.
	 */
	async delete(key: string, _state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		const { data, staged } = pathsOf(this.#layout, key);
		signal.throwIfAborted();
		await withStoreErrors(`delete ${key}`, async () => {
			for (const path of [staged, data]) {
				await unless(["ENOENT", "ENOTDIR"], () => this.#deps.fileSystem.unlink(path));
			}
		});
	}

	async *list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		const { fileSystem } = this.#deps;
		signal.throwIfAborted();
		try {
			yield* mergeListings(
				walk({ fileSystem, directory: this.#layout.data, prefix }, signal),
				walk({ fileSystem, directory: this.#layout.staged, prefix }, signal),
			);
		} catch (error) {
			throw toStoreError(error, `list ${prefix}`);
		}
	}

	/** Nothing to give back: the pool and the thread are the process's, open objects and writers their holders'. */
	async [Symbol.asyncDispose](): Promise<void> {}

	/** Makes the staged file, in place of one that an interrupted write of the same upload left without a checkpoint. */
	#createStaged(paths: ObjectPaths): Promise<OpenFile> {
		const { directories, fileSystem } = this.#deps;
		return directories.within(dirname(paths.staged), async () => {
			const made = await unless(["EEXIST"], () => fileSystem.open(paths.staged, "create"));
			if (made !== undefined) return made;
			await unless(["ENOENT"], () => fileSystem.unlink(paths.staged));
			return await fileSystem.open(paths.staged, "create");
		});
	}

	async #openStaged(
		key: string,
		paths: ObjectPaths,
		offset: number,
	): Promise<{ readonly file: OpenFile; readonly isCut: boolean }> {
		const { file, size } = await this.#openFile(paths.staged, "update", key);
		try {
			if (size < offset) throw new StoreError("NOT_FOUND", `${key} has ${size} staged bytes of ${offset}`);
			// The longer size may be the durable one, so the new one must be made durable before it counts.
			if (size > offset) await file.truncate(offset);
			return { file, isCut: size > offset };
		} catch (error) {
			await file.close();
			throw error;
		}
	}

	async #openFile(
		path: string,
		mode: "read" | "update",
		key: string,
	): Promise<{ readonly file: OpenFile; readonly size: number }> {
		const file = await this.#deps.fileSystem.open(path, mode);
		try {
			const stat = await file.stat();
			if (stat.kind !== "file") throw new StoreError("NOT_FOUND", `${key} is no object`);
			return { file, size: stat.size };
		} catch (error) {
			await file.close();
			throw error;
		}
	}
}

/** @throws StoreError NOT_FOUND for a state that this driver did not give */
const offsetOf = (state: WriterState): number => {
	const { offset } = state;
	if (typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0) return offset;
	throw new StoreError("NOT_FOUND", `no such writer state: ${JSON.stringify(state)}`);
};
