import type { Timing } from "#/lib/timing.ts";
import type { Random } from "./seeded-random.ts";

/** One that sleeps. */
interface Sleeper {
	readonly at: number;
	readonly order: number;
	readonly wake: () => void;
}

/** Time that goes only when told, and wakes who sleeps, in the order of their times. */
export class ManualTiming implements Timing {
	readonly random: Random;
	#now = 0;
	#order = 0;
	readonly #sleepers = new Set<Sleeper>();

	/** @param random where chance comes from; absent: always the middle */
	constructor(random: Random = () => 0.5) {
		this.random = random;
	}

	monotonic(): number {
		return this.#now;
	}

	/** How many sleep. */
	get sleeping(): number {
		return this.#sleepers.size;
	}

	/** When the next one wakes, by {@link monotonic}; absent when nobody sleeps. */
	get nextAt(): number | undefined {
		return this.#next()?.at;
	}

	sleep(ms: number, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		return new Promise((resolve, reject) => {
			const abort = () => {
				this.#sleepers.delete(sleeper);
				reject(signal.reason);
			};
			const wake = () => {
				this.#sleepers.delete(sleeper);
				signal.removeEventListener("abort", abort);
				resolve();
			};
			const sleeper = { at: this.#now + Math.max(0, ms), order: this.#order++, wake };
			signal.addEventListener("abort", abort, { once: true });
			this.#sleepers.add(sleeper);
		});
	}

	/** Lets so many milliseconds pass, and everybody who wakes meanwhile do all that they can do at once. */
	async advance(ms: number): Promise<void> {
		await settle();
		const end = this.#now + ms;
		for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
			this.#now = next.at;
			next.wake();
			await settle();
		}
		this.#now = end;
	}

	#next(): Sleeper | undefined {
		let first: Sleeper | undefined;
		for (const sleeper of this.#sleepers) {
			if (first === undefined || sleeper.at < first.at || (sleeper.at === first.at && sleeper.order < first.order)) {
				first = sleeper;
			}
		}
		return first;
	}
}

/** Until everything that waits for nothing from outside has happened. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
