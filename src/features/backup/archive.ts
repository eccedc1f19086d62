/**
 * Where backups lie: any blob store that is not the registry's own. What is in it is whole or not there at all; sealed,
 * where there is a key. See `archive-keys.ts` for what lies where.
 */
import type { BlobStore, BlobWriter, OpenBlob } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { backupError } from "./backup-error.ts";
import { type ArchiveSealer, openPieces, sealPieces } from "./sealed-pieces.ts";

/** What an archive is made of. */
export interface ArchiveDeps {
	readonly store: BlobStore;
	/** Absent: what is in the archive is there for its readers. */
	readonly sealer?: ArchiveSealer | undefined;
}

/** An object of the archive, by its key. */
export interface ArchivedObject {
	readonly key: string;
	/** As it lies there, bytes. */
	readonly size: number;
	/** It was begun and is not there. */
	readonly staged: boolean;
}

/** An archive. Objects are read as they were written, whatever seals them. */
export class Archive {
	readonly #store: BlobStore;
	readonly #sealer: ArchiveSealer | undefined;

	constructor({ store, sealer }: ArchiveDeps) {
		this.#store = store;
		this.#sealer = sealer;
	}

	/** Whether what is written is sealed. */
	get isSealed(): boolean {
		return this.#sealer !== undefined;
	}

	/** What seals; absent without a key. */
	get sealer(): ArchiveSealer | undefined {
		return this.#sealer;
	}

	/** Writes an object; when `pieces` fail, or this does, it is not there. @throws StoreError */
	async write(key: string, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
		await this.#write(key, this.#sealer === undefined ? pieces : sealPieces(this.#sealer, key, pieces), signal);
	}

	/**
	 * Writes an object that another process may write as well, with the same content: what is there when this fails may be
	 * that one's, and is left.
	 *
	 * @param fence of the lease that this is done under
	 * @throws StoreError
	 */
	async writeShared(key: string, pieces: AsyncIterable<Uint8Array>, fence: number, signal: AbortSignal): Promise<void> {
		const sealed = this.#sealer === undefined ? pieces : sealPieces(this.#sealer, key, pieces);
		await using writer = await this.#store.write(key, { takeover: fence }, signal);
		await writeAll(writer, sealed, signal);
	}

	/** Writes an object that everybody may read. @throws StoreError */
	async writePlain(key: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
		await this.#write(key, once(bytes), signal);
	}

	async #write(key: string, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
		const writer = await this.#store.write(key, {}, signal);
		try {
			await writeAll(writer, pieces, signal);
		} catch (error) {
			await writer.abort(AbortSignal.timeout(ABORT_MS)).catch(() => undefined);
			throw error;
		}
	}

	/** The bytes of an object. @throws BackupError CORRUPT, SEALED, INCOMPLETE; StoreError */
	async *read(key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
		const stored = this.#readStored(key, signal);
		yield* this.#sealer === undefined ? stored : openPieces(this.#sealer, key, stored);
	}

	/** The bytes of an object that everybody may read. @throws BackupError, StoreError */
	async readPlain(key: string, signal: AbortSignal): Promise<Buffer> {
		return Buffer.concat(await Array.fromAsync(this.#readStored(key, signal)));
	}

	async *#readStored(key: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
		try {
			await using blob = await this.#store.open(key, signal);
			for await (const chunk of blob.chunks(undefined, signal)) {
				const piece = Uint8Array.from(chunk.bytes);
				chunk.release();
				yield piece;
			}
		} catch (cause) {
			if (!(cause instanceof StoreError)) throw cause;
			if (cause.code === "NOT_FOUND") throw backupError("INCOMPLETE", `${key} is missing in the archive`, cause);
			if (cause.code === "CORRUPT") throw backupError("CORRUPT", `${key} in the archive is cut short`, cause);
			throw cause;
		}
	}

	/** The archive as those see it who read objects of a store. */
	get reader(): Pick<BlobStore, "open"> {
		return { open: async (key, signal) => this.#open(key, signal) };
	}

	#open(key: string, signal: AbortSignal): OpenBlob {
		const pieces = this.read(key, signal);
		const chunks = async function* () {
			for await (const bytes of pieces) yield { bytes, release: () => undefined };
		};
		return { size: 0, chunks, [Symbol.asyncDispose]: async () => void (await pieces.return(undefined)) };
	}

	/** What lies under a prefix, what was begun and not finished too, in byte order of the key. @throws StoreError */
	list(prefix: string, signal: AbortSignal): AsyncIterable<ArchivedObject> {
		return this.#store.list(prefix, signal);
	}

	/** The first whole object under a prefix that `isGood` likes. @throws StoreError */
	async find(prefix: string, isGood: (key: string) => boolean, signal: AbortSignal): Promise<string | undefined> {
		for await (const { key, staged } of this.list(prefix, signal)) if (!staged && isGood(key)) return key;
		return undefined;
	}

	/** The keys of the whole objects under a prefix, in order. @throws StoreError */
	async keys(prefix: string, signal: AbortSignal): Promise<readonly string[]> {
		const keys: string[] = [];
		for await (const { key, staged } of this.list(prefix, signal)) if (!staged) keys.push(key);
		return keys;
	}

	/** Removes an object, and what was begun under its key; one that is not there is gone already. @throws StoreError */
	delete(key: string, signal: AbortSignal): Promise<void> {
		return this.#store.delete(key, undefined, signal);
	}
}

/** How long undoing a write may take, milliseconds. */
const ABORT_MS = 10_000;

const writeAll = async (writer: BlobWriter, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> => {
	for await (const piece of pieces) {
		signal.throwIfAborted();
		// A copy, for the writer may take the memory away, which may be shared.
		await writer.append(Uint8Array.from(piece));
	}
	await writer.commit(signal);
};

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield bytes;
}
