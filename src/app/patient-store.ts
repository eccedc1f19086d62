import { setTimeout as sleep } from "node:timers/promises";
import {
	type BlobStore,
	type BlobWriter,
	canPresign,
	type ObjectStat,
	type OpenBlob,
	type Presigns,
	type WriteOpts,
	type WriterState,
} from "#/storage/blob-store.ts";
import { OWNER_KEY } from "#/storage/owner.ts";
import { StoreError } from "#/storage/store-error.ts";
import { ToldWriter } from "./told-writer.ts";

/** What {@link PatientStore} works with. */
export interface PatientStoreDeps {
	readonly name: string;
	/** Opens the store. What it throws is in its settings, and no passing trouble. @throws StoreError */
	readonly open: () => Promise<BlobStore>;
	/** Makes sure that it is ours. Resolves to why it is not; throws when it cannot be asked. */
	readonly claim: (store: BlobStore, signal: AbortSignal) => Promise<StoreError | undefined>;
	/** Told each time that the store begins to fail, and that it works again. */
	readonly changed: (name: string, failure: StoreError | undefined) => void;
	/** How long to wait before what failed is tried again, milliseconds. @defaultValue 5000 */
	readonly retryMs?: number;
	/** How long a call waits for a store that is being opened, milliseconds. @defaultValue 5000 */
	readonly waitMs?: number;
}

/**
 * A store that need not be there yet, and may go and come back: it is opened when it can be, and until then every call
 * fails with its name, so that one store out of several hurts those who use it alone.
 */
export class PatientStore implements BlobStore {
	readonly #deps: PatientStoreDeps;
	readonly #stopping = new AbortController();
	readonly #first: Promise<void>;
	#opened: BlobStore | undefined;
	#claimed = false;
	#failure: { readonly error: StoreError; readonly isFinal: boolean } | undefined;
	#mending: Promise<void> | undefined;

	constructor(deps: PatientStoreDeps) {
		this.#deps = deps;
		this.#first = this.#attempt();
	}

	get name(): string {
		return this.#deps.name;
	}

	/** Why the store cannot be used, as far as it is known; absent: it can. */
	get failure(): StoreError | undefined {
		return this.#failure?.error;
	}

	/**
	 * Waits for the first attempt to open it, for `ms` milliseconds at most.
	 *
	 * @throws StoreError when it failed for a reason that waiting does not mend
	 */
	async settled(ms: number): Promise<void> {
		await this.#within(ms);
		if (this.#failure?.isFinal === true) throw this.#failure.error;
	}

	get driver(): string {
		return this.#opened?.driver ?? "unopened";
	}

	/** Absent while the store is not open, and where it cannot presign. */
	get presign(): Presigns["presign"] | undefined {
		const store = this.#claimed ? this.#opened : undefined;
		if (store === undefined || !canPresign(store)) return undefined;
		return (key, opts) => this.#ask(() => store.presign(key, opts));
	}

	stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		return this.#call((store) => store.stat(key, signal), signal);
	}

	open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		return this.#call((store) => store.open(key, signal), signal);
	}

	write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		return this.#ask(async (store) => this.#tell(await store.write(key, opts, signal)), signal);
	}

	resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		return this.#ask(async (store) => this.#tell(await store.resume(key, state, opts, signal)), signal);
	}

	delete(key: string, state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		return this.#call((store) => store.delete(key, state, signal), signal);
	}

	async *list(prefix: string, signal: AbortSignal): AsyncGenerator<ObjectStat & { readonly staged: boolean }> {
		const store = await this.#ready();
		try {
			yield* store.list(prefix, signal);
		} catch (error) {
			throw this.#failed(error, signal);
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#stopping.abort();
		await Promise.all([this.#first, this.#mending]);
		await this.#opened?.[Symbol.asyncDispose]();
	}

	async #call<T>(work: (store: BlobStore) => Promise<T>, signal: AbortSignal): Promise<T> {
		const result = await this.#ask(work, signal);
		this.#note(undefined);
		return result;
	}

	/** A call that may succeed without the store being asked. */
	async #ask<T>(work: (store: BlobStore) => Promise<T>, signal?: AbortSignal): Promise<T> {
		const store = await this.#ready();
		try {
			return await work(store);
		} catch (error) {
			throw this.#failed(error, signal);
		}
	}

	#tell(writer: BlobWriter): BlobWriter {
		return new ToldWriter(writer, (error, signal) => this.#failed(error, signal));
	}

	async #ready(): Promise<BlobStore> {
		// Before the first attempt came to an end nothing is known; afterwards nobody waits for what has failed.
		if (!this.#claimed && this.#failure === undefined) await this.#within(this.#deps.waitMs ?? 5_000);
		if (this.#opened !== undefined && this.#claimed) return this.#opened;
		const { name } = this.#deps;
		throw this.#failure?.error ?? new StoreError("UNAVAILABLE", `store ${name}: it is being opened`, { store: name });
	}

	async #within(ms: number): Promise<void> {
		const waiting = new AbortController();
		const late = sleep(ms, undefined, { signal: waiting.signal }).catch(() => undefined);
		await Promise.race([this.#first, late]);
		waiting.abort();
	}

	/** Opens it, as far as that has not been done, and makes sure that it is ours. Never throws. */
	async #attempt(): Promise<void> {
		const { open, claim } = this.#deps;
		let isFinal = true;
		try {
			this.#opened ??= await open();
			isFinal = false;
			const refused = await claim(this.#opened, this.#stopping.signal);
			if (refused !== undefined) return this.#note(refused, true);
			this.#claimed = true;
			this.#note(undefined);
		} catch (error) {
			if (this.#stopping.signal.aborted) return;
			this.#note(this.#named(error) ?? this.#unopened(error), isFinal);
		}
	}

	/** The error with the store's name, noted if it says that the store does not answer. */
	#failed(error: unknown, signal: AbortSignal | undefined): unknown {
		const named = this.#named(error);
		if (named === undefined) return error;
		// What was given up says nothing of the store.
		if (signal?.aborted !== true) this.#note(named);
		return named;
	}

	#named(error: unknown): StoreError | undefined {
		if (!(error instanceof StoreError) || (error.code !== "UNAVAILABLE" && error.code !== "DENIED")) return undefined;
		const { name } = this.#deps;
		const message = error.message.startsWith(`store ${name}`) ? error.message : `store ${name}: ${error.message}`;
		return new StoreError(error.code, message, { cause: error, store: name });
	}

	/** Whatever it is that a place lacks, the store is not to be had there. */
	#unopened(error: unknown): StoreError {
		const { name } = this.#deps;
		const why = error instanceof Error ? error.message : String(error);
		const message = why.startsWith(`store ${name}`) ? why : `store ${name}: ${why}`;
		return new StoreError("UNAVAILABLE", message, { cause: error, store: name });
	}

	#note(error: StoreError | undefined, isFinal = false): void {
		const before = this.#failure;
		this.#failure = error && { error, isFinal };
		if ((before === undefined) !== (error === undefined)) this.#deps.changed(this.#deps.name, error);
		if (error !== undefined) this.#mending ??= this.#mend();
	}

	/** Asks again and again, so that a store which came back is known to be there before somebody needs it. */
	async #mend(): Promise<void> {
		const { signal } = this.#stopping;
		while (!signal.aborted && this.#failure !== undefined) {
			await sleep(this.#deps.retryMs ?? 5_000, undefined, { signal, ref: false }).catch(() => undefined);
			if (signal.aborted) return;
			if (!this.#claimed) await this.#attempt();
			else await this.stat(OWNER_KEY, signal).catch(() => undefined);
		}
		this.#mending = undefined;
	}
}
