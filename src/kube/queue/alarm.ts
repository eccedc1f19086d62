import type { Timing } from "#/lib/timing.ts";

/** Timers of Node fire at once when asked for more than this, so what is farther away is approached in steps. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** Rings at one moment at a time, never late, perhaps early: who hears it looks at the clock and sets it again. */
export class Alarm implements Disposable {
	readonly #timing: Pick<Timing, "monotonic" | "sleep">;
	readonly #ring: () => void;
	#at: number | undefined;
	#sleep: AbortController | undefined;

	constructor(timing: Pick<Timing, "monotonic" | "sleep">, ring: () => void) {
		this.#timing = timing;
		this.#ring = ring;
	}

	/** @param at by the monotonic clock; absent: never */
	set(at: number | undefined): void {
		if (at === this.#at) return;
		this.#sleep?.abort();
		this.#at = at;
		this.#sleep = undefined;
		if (at === undefined) return;
		const sleep = new AbortController();
		this.#sleep = sleep;
		const ms = Math.min(Math.max(0, at - this.#timing.monotonic()), LONGEST_SLEEP_MS);
		this.#timing.sleep(ms, sleep.signal).then(
			() => this.#wake(sleep),
			() => undefined,
		);
	}

	[Symbol.dispose](): void {
		this.set(undefined);
	}

	#wake(sleep: AbortController): void {
		// Set to another time in the very moment in which this one came.
		if (this.#sleep !== sleep) return;
		this.#at = undefined;
		this.#sleep = undefined;
		this.#ring();
	}
}
