import { dirname } from "node:path";
import type { Algorithm, Digest } from "#/oci/digest.ts";
import type { BlobWriter, WriterState } from "#/storage/blob-store.ts";
import type { ByteBudget } from "#/storage/byte-budget.ts";
import type { DurableDirectories } from "./durable-directories.ts";
import { toStoreError, unless, withStoreErrors } from "./file-error.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import { hashFile } from "./hash-file.ts";
import type { IoThread } from "./io-thread.ts";
import type { ObjectPaths } from "./layout.ts";
import { localSink, plainSink, type Sink } from "./sink.ts";
import { WriteBehind } from "./write-behind.ts";

/** Bodies up to this many bytes are hashed on the main thread; it takes half a millisecond in all. */
const SMALL_BYTES = 1024 * 1024;

/** Bytes after which the disk is set to work while more are received, so that little is left to wait for in the end. */
const FLUSH_BYTES = 16 * 1024 * 1024;

/** What the writers of a store share. */
export interface StagedWriterDeps {
	readonly fileSystem: FileSystem;
	readonly directories: DurableDirectories;
	readonly thread: IoThread;
	readonly budget: ByteBudget;
}

/** The file that a writer goes on with. */
export interface StagedFile {
	readonly key: string;
	readonly paths: ObjectPaths;
	readonly file: OpenFile;
	readonly algorithm: Algorithm;
	/** Bytes in the file that belong to the object. */
	readonly offset: number;
	/** The take-over that made the file; 0 for the first. */
	readonly takeover: number;
	/** Whether contents, size and name of the file are durable as they are. */
	readonly isDurable: boolean;
	/** The whole size, where it was told beforehand. */
	readonly size: number | undefined;
}

/** Writes an object into `staged/` and moves it to `data/`: file, fsync, rename, fsync of the directories. */
export class StagedWriter implements BlobWriter {
	readonly #deps: StagedWriterDeps;
	readonly #staged: StagedFile;
	readonly #file: OpenFile;
	readonly #queue: WriteBehind;
	#sink: Sink;
	#isSinkLocal: boolean;
	#offset: number;
	/** Bytes known to be durable; absent when the last size or byte was never fsynced. */
	#durableOffset: number | undefined;
	#isNameDurable: boolean;
	#isRenamed = false;
	#isCommitted = false;
	#closing: Promise<void> | undefined;
	#failure: { readonly error: unknown } | undefined;
	/** Bytes since the last early fsync was started, and that fsync while it is under way. */
	#unflushed = 0;
	#flush: Promise<void> | undefined;

	constructor(deps: StagedWriterDeps, staged: StagedFile) {
		this.#deps = deps;
		this.#staged = staged;
		this.#file = staged.file;
		this.#offset = staged.offset;
		this.#durableOffset = staged.isDurable ? staged.offset : undefined;
		this.#isNameDurable = staged.isDurable;
		this.#isSinkLocal = staged.offset === 0;
		this.#sink = this.#isSinkLocal ? localSink(this.#file, staged.algorithm) : plainSink(this.#file);
		if ((staged.size ?? 0) > SMALL_BYTES) this.#moveToThread(0);
		this.#queue = new WriteBehind(
			{ budget: deps.budget, write: (pieces, position) => this.#sink.write(pieces, position) },
			staged.offset,
		);
	}

	get offset(): number {
		return this.#offset;
	}

	append(bytes: Uint8Array): Promise<void> {
		return this.#guard(undefined, async () => {
			if (this.#isSinkLocal && this.#offset + bytes.byteLength > SMALL_BYTES) {
				await this.#queue.drain();
				this.#moveToThread(this.#offset);
			}
			this.#offset += bytes.byteLength;
			this.#flushEarly(bytes.byteLength);
			await this.#queue.push(bytes);
		});
	}

	checkpoint(signal: AbortSignal): Promise<WriterState> {
		return this.#guard(signal, async () => {
			const offset = this.#offset;
			await this.#queue.drain();
			await Promise.all([this.#persistContents(offset), this.#persistName()]);
			return this.#staged.takeover === 0 ? { offset } : { offset, takeover: this.#staged.takeover };
		});
	}

	digest(algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		return this.#guard(signal, async () => {
			await this.#queue.drain();
			const running = algorithm === this.#staged.algorithm ? await this.#sink.digest() : undefined;
			return running ?? (await this.#readDigest(algorithm, signal));
		});
	}

	async commit(signal: AbortSignal): Promise<void> {
		if (this.#isCommitted) return;
		await this.#guard(signal, async () => {
			const offset = this.#offset;
			await this.#queue.drain();
			const target = dirname(this.#staged.paths.data);
			await this.#deps.directories.make(target);
			// The new place must be durable before the name moves there, or a power cut leaves it at neither place.
			await Promise.all([this.#persistContents(offset), this.#deps.directories.persist(target)]);
			signal.throwIfAborted();
			await this.#rename();
		});
		this.#isCommitted = true;
		// Everything is durable: nobody need wait until the descriptor is given back.
		void this.#close();
	}

	async abort(_signal: AbortSignal): Promise<void> {
		if (this.#isCommitted) return;
		await this.#close();
		const { staged, data } = this.#staged.paths;
		await withStoreErrors(`abort ${this.#staged.key}`, async () => {
			await unless(["ENOENT"], () => this.#deps.fileSystem.unlink(staged));
			if (this.#isRenamed) await unless(["ENOENT"], () => this.#deps.fileSystem.unlink(data));
		});
	}

	/** Leaves the staged file: after a checkpoint for `resume`, else for `delete`, which its intent will bring. */
	async [Symbol.asyncDispose](): Promise<void> {
		await this.#close();
	}

	/**
	 * Runs one step. Any failure but the caller's own abort sticks: bytes may be lost that a second fsync would report
	 * as written, so only `resume` from the last checkpoint can go on.
	 */
	async #guard<T>(signal: AbortSignal | undefined, step: () => Promise<T>): Promise<T> {
		if (this.#failure !== undefined) throw this.#failure.error;
		if (this.#closing !== undefined) throw new Error(`the writer of ${this.#staged.key} is spent`);
		signal?.throwIfAborted();
		try {
			return await step();
		} catch (error) {
			if (signal?.aborted === true && error === signal.reason) throw error;
			this.#failure ??= { error: toStoreError(error, `write ${this.#staged.key}`) };
			throw this.#failure.error;
		}
	}

	async #persistContents(offset: number): Promise<void> {
		if (this.#durableOffset === offset) return;
		await Promise.all([this.#flush, this.#file.fsync()]);
		// Of two fsyncs only one is told that bytes were lost.
		if (this.#failure !== undefined) throw this.#failure.error;
		this.#durableOffset = offset;
	}

	/** Promises nothing to anybody; a failure sticks all the same. */
	#flushEarly(bytes: number): void {
		this.#unflushed += bytes;
		if (this.#unflushed < FLUSH_BYTES || this.#flush !== undefined) return;
		this.#unflushed = 0;
		this.#flush = this.#file
			.fsync()
			.catch((error: unknown) => {
				this.#failure ??= { error: toStoreError(error, `write ${this.#staged.key}`) };
			})
			.finally(() => {
				this.#flush = undefined;
			});
	}

	async #persistName(): Promise<void> {
		if (this.#isNameDurable) return;
		const directory = dirname(this.#staged.paths.staged);
		await Promise.all([this.#deps.fileSystem.fsyncDirectory(directory), this.#deps.directories.persist(directory)]);
		this.#isNameDurable = true;
	}

	async #rename(): Promise<void> {
		const { fileSystem, directories } = this.#deps;
		const { staged, data } = this.#staged.paths;
		const target = dirname(data);
		await directories.within(target, () => fileSystem.rename(staged, data));
		this.#isRenamed = true;
		await Promise.all([
			fileSystem.fsyncDirectory(target),
			// So that the object cannot come back as an unfinished one as well.
			fileSystem.fsyncDirectory(dirname(staged)),
		]);
	}

	/** @param hashed bytes that are in the file and must be hashed there again: cheaper than keeping them in memory */
	#moveToThread(hashed: number): void {
		if (!this.#isSinkLocal || this.#file.descriptor === undefined) return;
		this.#isSinkLocal = false;
		this.#sink = this.#deps.thread.sink(this.#file.descriptor, this.#staged.algorithm, hashed);
	}

	#readDigest(algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		const { descriptor } = this.#file;
		return descriptor === undefined || this.#offset <= SMALL_BYTES
			? hashFile(this.#file, this.#offset, algorithm, signal)
			: this.#deps.thread.hash(descriptor, this.#offset, algorithm, signal);
	}

	#close(): Promise<void> {
		this.#closing ??= this.#release();
		return this.#closing;
	}

	/** Never fails. */
	async #release(): Promise<void> {
		await this.#queue.settle();
		await this.#sink.end();
		await this.#flush;
		// Whatever a close could still complain of was either fsynced before or is given up.
		await this.#file.close().catch(() => undefined);
	}
}
