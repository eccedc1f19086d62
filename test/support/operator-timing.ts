import type { Timing } from "#/lib/timing.ts";
import type { Random } from "./seeded-random.ts";

interface Sleeper {
	/** By {@link HurriedTiming.monotonic}. */
	readonly at: number;
	readonly wake: () => void;
	timer: NodeJS.Timeout;
}

/** Time that passes faster than the machine's, and leaps when told to. */
export class HurriedTiming implements Timing {
	readonly random: Random;
	readonly #speed: number;
	readonly #start = performance.now();
	readonly #epoch: number;
	readonly #sleepers = new Set<Sleeper>();
	#leapt = 0;

	/** @param opts `speed`: how many times as fast; `epoch`: when it begins, milliseconds since 1970 */
	constructor({
		random,
		speed,
		epoch = Date.now(),
	}: {
		readonly random: Random;
		readonly speed: number;
		readonly epoch?: number;
	}) {
		this.random = random;
		this.#speed = speed;
		this.#epoch = epoch;
	}

	monotonic(): number {
		return (performance.now() - this.#start) * this.#speed + this.#leapt;
	}

	/** Milliseconds since 1970. */
	now(): number {
		return Math.floor(this.#epoch + this.monotonic());
	}

	sleep(ms: number, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		return new Promise((resolve, reject) => {
			const end = () => {
				clearTimeout(sleeper.timer);
				this.#sleepers.delete(sleeper);
				signal.removeEventListener("abort", abort);
			};
			const abort = () => {
				end();
				reject(signal.reason);
			};
			const wake = () => {
				end();
				resolve();
			};
			const sleeper: Sleeper = { at: this.monotonic() + ms, wake, timer: this.#alarm(ms, wake) };
			signal.addEventListener("abort", abort, { once: true });
			this.#sleepers.add(sleeper);
		});
	}

	/** It is later by so many milliseconds at once; whoever slept till then wakes. */
	leap(ms: number): void {
		this.#leapt += ms;
		for (const sleeper of [...this.#sleepers].toSorted((a, b) => a.at - b.at)) {
			const left = sleeper.at - this.monotonic();
			clearTimeout(sleeper.timer);
			if (left <= 0) sleeper.wake();
			else sleeper.timer = this.#alarm(left, sleeper.wake);
		}
	}

	/** Timers cannot be set further ahead than 2^31 ms. */
	#alarm(ms: number, wake: () => void): NodeJS.Timeout {
		return setTimeout(wake, Math.min(Math.max(0, ms / this.#speed), 2 ** 31 - 1));
	}
}
