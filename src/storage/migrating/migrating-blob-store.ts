/**
 * A store on its way from one place to another: what is new goes to the target, and what is at the former place is still
 * found there. Objects are copied, never moved, so nothing is seen nowhere while that is done.
 */
import type { BlobStore, BlobWriter, ObjectStat, OpenBlob, WriteOpts, WriterState } from "#/storage/blob-store.ts";
import type { ListedObject } from "#/storage/merge-listings.ts";
import { StoreError } from "#/storage/store-error.ts";
import { unionListing } from "./union-listing.ts";

/** The two places of a {@link MigratingBlobStore}, which belong to it. */
export interface Places {
	/** Where the objects were written before, and where only unfinished ones are still written. */
	readonly former: BlobStore;
	/** Where all that is new goes. */
	readonly target: BlobStore;
}

/** Two places as one store. Clients fetch nothing directly: what they ask for may be at the former place alone. */
export class MigratingBlobStore implements BlobStore {
	readonly #former: BlobStore;
	readonly #target: BlobStore;

	constructor({ former, target }: Places) {
		this.#former = former;
		this.#target = target;
	}

	get driver(): string {
		return this.#target.driver;
	}

	stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		return this.#find(
			() => this.#target.stat(key, signal),
			() => this.#former.stat(key, signal),
		);
	}

	async open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		const found = await this.#find(
			() => unlessMissing(() => this.#target.open(key, signal)),
			() => unlessMissing(() => this.#former.open(key, signal)),
		);
		if (found === undefined) throw new StoreError("NOT_FOUND", `no object ${key}`);
		return found;
	}

	/** What an earlier write staged at the former place is dropped: a writer that was lost there has nothing to finish. */
	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		await this.#former.delete(key, undefined, signal);
		return await this.#target.write(key, opts, signal);
	}

	/** Where it was begun: staged bytes lie at one of the places, and no state of one driver is one of the other. */
	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		const begun = await unlessMissing(() => this.#former.resume(key, state, opts, signal));
		return begun ?? (await this.#target.resume(key, state, opts, signal));
	}

	async delete(key: string, state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		// The former place first: what is gone there is copied no more.
		await this.#former.delete(key, state, signal);
		await this.#target.delete(key, state, signal);
	}

	list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		return unionListing(this.#target.list(prefix, signal), this.#former.list(prefix, signal));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await using places = new AsyncDisposableStack();
		places.use(this.#former);
		places.use(this.#target);
	}

	/** An object is the same wherever it lies: so a target that is away hides nothing that the former place has. */
	async #find<T>(
		inTarget: () => Promise<T | undefined>,
		inFormer: () => Promise<T | undefined>,
	): Promise<T | undefined> {
		let failure: unknown;
		try {
			const found = await inTarget();
			if (found !== undefined) return found;
		} catch (error) {
			if (!isAway(error)) throw error;
			failure = error;
		}
		const found = await inFormer();
		if (found === undefined && failure !== undefined) throw failure;
		return found;
	}
}

const isAway = (error: unknown): boolean =>
	error instanceof StoreError && (error.code === "UNAVAILABLE" || error.code === "DENIED");

const unlessMissing = async <T>(action: () => Promise<T>): Promise<T | undefined> => {
	try {
		return await action();
	} catch (error) {
		if (error instanceof StoreError && error.code === "NOT_FOUND") return undefined;
		throw error;
	}
};
