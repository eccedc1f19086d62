import type { ClientTiming } from "./timing.ts";

/** What transfers may use together. */
export interface TransferBudgetOpts {
	/** Of all of them together; absent: as many as there are. */
	readonly bytesPerSecond?: number | undefined;
	/** Tasks at the same time. */
	readonly concurrency: number;
}

/** What a transfer may be ahead of the rate, in milliseconds. */
const BURST_MS = 250;
/** Pieces are cut so small that none of them waits longer than this, which nobody takes for a broken connection. */
const PIECE_MS = 1_000;

/** Places that are lent at most: what is fetched in them is held in memory. */
const MAX_LENT = 7;

/** Shares bandwidth and a number of places among transfers, first come, first served. */
export class TransferBudget {
	readonly #timing: Pick<ClientTiming, "monotonic" | "sleep">;
	readonly #opts: TransferBudgetOpts;
	readonly #waiting = new Set<() => void>();
	#running = 0;
	#lent = 0;
	/** When all that was let through so far will have gone, at the rate. */
	#freeAt = Number.NEGATIVE_INFINITY;

	constructor(timing: Pick<ClientTiming, "monotonic" | "sleep">, opts: TransferBudgetOpts) {
		this.#timing = timing;
		this.#opts = opts;
	}

	/** The task's outcome, once it has its place. @throws the signal's reason while it waits for one */
	async run<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T> {
		await this.#enter(signal);
		try {
			return await task();
		} finally {
			this.#leave();
		}
	}

	/** A place that nobody uses or waits for, to be given back; undefined: there is none. */
	borrow(): Disposable | undefined {
		if (this.#running >= this.#opts.concurrency || this.#lent >= MAX_LENT) return undefined;
		this.#running++;
		this.#lent++;
		let isOut = true;
		return {
			[Symbol.dispose]: () => {
				if (!isOut) return;
				isOut = false;
				this.#lent--;
				this.#leave();
			},
		};
	}

	/** The bytes, no faster than the rate of all that go through here. @throws the signal's reason while they wait */
	async *pace(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
		const { bytesPerSecond: rate } = this.#opts;
		if (rate === undefined) return yield* bytes;
		const most = Math.max(1, Math.floor((rate * PIECE_MS) / 1000));
		for await (const piece of bytes) {
			for (let from = 0; from < piece.byteLength; from += most) {
				const part = piece.subarray(from, from + most);
				await this.#take(part.byteLength, rate, signal);
				yield part;
			}
		}
	}

	/** Places in time are given in the order of asking, so that no transfer waits for ever. */
	async #take(bytes: number, rate: number, signal: AbortSignal): Promise<void> {
		const now = this.#timing.monotonic();
		this.#freeAt = Math.max(this.#freeAt, now - BURST_MS) + (bytes / rate) * 1000;
		if (this.#freeAt > now) await this.#timing.sleep(this.#freeAt - now, signal);
		else signal.throwIfAborted();
	}

	#enter(signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		if (this.#running < this.#opts.concurrency) {
			this.#running++;
			return Promise.resolve();
		}
		return new Promise((resolve, reject) => {
			const abort = (): void => {
				this.#waiting.delete(enter);
				reject(signal.reason);
			};
			const enter = (): void => {
				signal.removeEventListener("abort", abort);
				resolve();
			};
			signal.addEventListener("abort", abort, { once: true });
			this.#waiting.add(enter);
		});
	}

	/** A place goes straight to who waited longest. */
	#leave(): void {
		const [next] = this.#waiting;
		if (next === undefined) {
			this.#running--;
			return;
		}
		this.#waiting.delete(next);
		next();
	}
}
