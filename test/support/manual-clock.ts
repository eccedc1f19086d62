import type { Clock } from "#/lib/clock.ts";

/** A clock that goes only when told. */
export class ManualClock implements Clock {
	#wall = Date.UTC(2026, 0, 1);
	#monotonic = 1_000_000;

	now(): number {
		return this.#wall;
	}

	monotonic(): number {
		return this.#monotonic;
	}

	/** Time passes on both. */
	advance(ms: number): void {
		this.#wall += ms;
		this.#monotonic += ms;
	}

	/** Somebody sets the wall clock. */
	jump(ms: number): void {
		this.#wall += ms;
	}
}
