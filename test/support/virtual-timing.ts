import type { Timing } from "#/lib/timing.ts";

interface Sleeper {
	readonly until: number;
	readonly wake: () => void;
}

/** Time that passes when told to, and wakes who sleeps in the order of their alarms. */
export class VirtualTiming implements Timing {
	/** What {@link VirtualTiming.random} gives. */
	chance = 0;
	/** Every wait that was asked for, milliseconds. */
	readonly slept: number[] = [];
	readonly #sleepers = new Set<Sleeper>();
	#now = 1_000_000;

	monotonic(): number {
		return this.#now;
	}

	random(): number {
		return this.chance;
	}

	/** How many sleep now. */
	get sleeping(): number {
		return this.#sleepers.size;
	}

	sleep(ms: number, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		this.slept.push(ms);
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const end = () => {
			this.#sleepers.delete(sleeper);
			signal.removeEventListener("abort", abort);
		};
		const abort = () => {
			end();
			reject(signal.reason);
		};
		const sleeper: Sleeper = {
			until: this.#now + ms,
			wake: () => {
				end();
				resolve();
			},
		};
		this.#sleepers.add(sleeper);
		signal.addEventListener("abort", abort, { once: true });
		return promise;
	}

	/** Lets time pass; all that becomes due happens at its time. */
	async advance(ms: number): Promise<void> {
		const end = this.#now + ms;
		await settle();
		for (;;) {
			const next = [...this.#sleepers].toSorted((a, b) => a.until - b.until)[0];
			if (next === undefined || next.until > end) break;
			this.#now = Math.max(this.#now, next.until);
			next.wake();
			await settle();
		}
		this.#now = end;
		await settle();
	}

	/** Time passes, but this process stands still meanwhile: nobody is woken. */
	pause(ms: number): void {
		this.#now += ms;
	}
}

/** Everything that can happen without time passing or bytes arriving has happened. */
export const settle = async (): Promise<void> => {
	for (let round = 0; round < 20; round++) await new Promise((resolve) => setImmediate(resolve));
};
