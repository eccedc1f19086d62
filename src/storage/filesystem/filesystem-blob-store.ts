import { dirname } from "node:path";
import type { BlobStore, BlobWriter, ObjectStat, OpenBlob, WriteOpts, WriterState } from "#/storage/blob-store.ts";
import type { BufferPool } from "#/storage/buffer-pool.ts";
import { type ListedObject, mergeListings } from "#/storage/merge-listings.ts";
import { FileBlob } from "./file-blob.ts";
import { toStoreError, unless, withStoreErrors } from "./file-error.ts";
import type { OpenFile } from "./file-system.ts";
import { type Layout, type ObjectPaths, pathsOf } from "./layout.ts";
import { openObjectFile } from "./open-object-file.ts";
import { resumeStaged } from "./resume-staged.ts";
import { fenceOff, keyOfStaged, listStaged, stagedPath } from "./staged-files.ts";
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
			const { file, size } = await openObjectFile(this.#deps.fileSystem, data, "read", key);
			return new FileBlob(file, size, this.#deps.pool);
		});
	}

	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		const paths = pathsOf(this.#layout, key);
		signal.throwIfAborted();
		const { takeover = 0, algorithm = "sha256", size } = opts;
		const own = { ...paths, staged: stagedPath(paths, takeover) };
		const file = await withStoreErrors(`write ${key}`, () => this.#createStaged(own));
		if (takeover > 0) await this.#fenceOff(paths, takeover, file);
		return new StagedWriter(this.#deps, {
			key,
			paths: own,
			file,
			algorithm,
			offset: 0,
			takeover,
			isDurable: false,
			size,
		});
	}

	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		const paths = pathsOf(this.#layout, key);
		signal.throwIfAborted();
		const { algorithm = "sha256", size, takeover } = opts;
		const staged = await withStoreErrors(`resume ${key}`, () =>
			resumeStaged(this.#deps.fileSystem, { key, paths, state }, takeover),
		);
		return new StagedWriter(this.#deps, { ...staged, algorithm, size });
	}

	/**
	 * Without an fsync: a power cut may bring the file back, which harms nothing but room. Its key is never used again,
	 * no row of a blob names it, and `list` shows it to whoever looks for such files.
	 */
	async delete(key: string, _state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		const { fileSystem } = this.#deps;
		const paths = pathsOf(this.#layout, key);
		signal.throwIfAborted();
		await withStoreErrors(`delete ${key}`, async () => {
			// The finished object last: a writer that is still at work then has nothing left to make one of.
			const staged = (await listStaged(fileSystem, paths)).map(({ path }) => path);
			for (const path of [...staged, paths.data]) {
				await unless(["ENOENT", "ENOTDIR"], () => fileSystem.unlink(path));
			}
		});
	}

	async *list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		const { fileSystem } = this.#deps;
		signal.throwIfAborted();
		try {
			yield* mergeListings(
				walk({ fileSystem, directory: this.#layout.data, prefix }, signal),
				walk({ fileSystem, directory: this.#layout.staged, prefix, toKey: keyOfStaged }, signal),
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

	async #fenceOff(paths: ObjectPaths, takeover: number, file: OpenFile): Promise<void> {
		try {
			await withStoreErrors("take over", () => fenceOff(this.#deps.fileSystem, paths, takeover));
		} catch (error) {
			await file.close();
			throw error;
		}
	}
}
