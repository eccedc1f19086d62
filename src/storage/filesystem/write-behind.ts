import type { ByteBudget } from "#/storage/byte-budget.ts";

/** Bytes that one write is made of, unless a single piece is larger. */
const BATCH_BYTES = 512 * 1024;

/** Bytes worth a second write while one is under way; less waits, to go out in one piece with what comes. */
const SECOND_BYTES = 256 * 1024;

/** Bytes that may wait or be under way before the producer must pause. */
const BACKLOG_BYTES = 1536 * 1024;

const MAX_IN_FLIGHT = 2;

interface Waiter {
	/** Resolve once no more than this many bytes are left. */
	readonly target: number;
	readonly resolve: () => void;
	readonly reject: (error: unknown) => void;
}

/** What a {@link WriteBehind} works with. */
export interface WriteBehindDeps {
	/** Writes pieces at a position; at most two calls are under way. They are started in order. */
	readonly write: (pieces: readonly Uint8Array[], position: number) => Promise<void>;
	/** Shared by all writers of the process. */
	readonly budget: ByteBudget;
}

/**
 * A short queue before a file, so that receiving and writing overlap and small pieces are written together.
 * The first failure sticks: bytes were lost, so everything after it fails the same way.
 */
export class WriteBehind {
	readonly #deps: WriteBehindDeps;
	#position: number;
	#waiting: Uint8Array[] = [];
	#waitingBytes = 0;
	#backlog = 0;
	readonly #writes = new Set<Promise<void>>();
	#failure: { readonly error: unknown } | undefined;
	#waiters: Waiter[] = [];
	/** Nothing more comes for now, so that waiting to write it in one piece is waiting in vain. */
	#isDraining = false;

	/** @param position where the first byte goes */
	constructor(deps: WriteBehindDeps, position: number) {
		this.#deps = deps;
		this.#position = position;
	}

	/** Resolves when more may be pushed: at once as long as the backlog is small, and the shared budget not spent. */
	push(bytes: Uint8Array): Promise<void> {
		if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
		if (bytes.byteLength === 0) return Promise.resolve();
		this.#waiting.push(bytes);
		this.#waitingBytes += bytes.byteLength;
		this.#backlog += bytes.byteLength;
		this.#deps.budget.take(bytes.byteLength);
		this.#pump();
		if (this.#deps.budget.isSpent) return this.#until(0);
		return this.#until(BACKLOG_BYTES);
	}

	/** Resolves when everything pushed was written. */
	async drain(): Promise<void> {
		this.#isDraining = true;
		try {
			this.#pump();
			await this.#until(0);
		} finally {
			this.#isDraining = false;
		}
	}

	/** Resolves when no write is under way any more, whether or not they succeeded. What still waited is dropped. */
	async settle(): Promise<void> {
		this.#drop();
		await Promise.allSettled(this.#writes);
	}

	#until(target: number): Promise<void> {
		if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
		if (this.#backlog <= target) return Promise.resolve();
		return new Promise((resolve, reject) => this.#waiters.push({ target, resolve, reject }));
	}

	#pump(): void {
		while (this.#waiting.length > 0 && this.#mayStart()) {
			const batch = this.#takeBatch();
			const bytes = batch.reduce((sum, piece) => sum + piece.byteLength, 0);
			const position = this.#position;
			this.#position += bytes;
			const write = this.#deps.write(batch, position);
			this.#writes.add(write);
			write.then(
				() => this.#finish(write, bytes),
				(error) => this.#fail(write, bytes, error),
			);
		}
	}

	#mayStart(): boolean {
		if (this.#writes.size === 0) return true;
		return this.#writes.size < MAX_IN_FLIGHT && (this.#isDraining || this.#waitingBytes >= SECOND_BYTES);
	}

	#takeBatch(): Uint8Array[] {
		let count = 0;
		let bytes = 0;
		for (const piece of this.#waiting) {
			if (count > 0 && bytes + piece.byteLength > BATCH_BYTES) break;
			count++;
			bytes += piece.byteLength;
		}
		this.#waitingBytes -= bytes;
		return this.#waiting.splice(0, count);
	}

	#finish(write: Promise<void>, bytes: number): void {
		this.#writes.delete(write);
		this.#giveBack(bytes);
		this.#pump();
		const waiters = this.#waiters;
		this.#waiters = [];
		for (const waiter of waiters) {
			if (this.#backlog <= waiter.target) waiter.resolve();
			else this.#waiters.push(waiter);
		}
	}

	#fail(write: Promise<void>, bytes: number, error: unknown): void {
		this.#failure ??= { error };
		this.#writes.delete(write);
		this.#giveBack(bytes);
		this.#drop();
		for (const waiter of this.#waiters) waiter.reject(this.#failure.error);
		this.#waiters = [];
	}

	#drop(): void {
		this.#giveBack(this.#waitingBytes);
		this.#waiting = [];
		this.#waitingBytes = 0;
	}

	#giveBack(bytes: number): void {
		this.#backlog -= bytes;
		this.#deps.budget.give(bytes);
	}
}
