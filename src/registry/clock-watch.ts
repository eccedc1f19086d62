import type { Clock } from "./clock.ts";

/** How far the wall clock may part from the monotonic one between two looks, in milliseconds. */
const JUMP_MS = 60_000;

/**
 * Notices jumps of the wall clock. Whoever deletes what is old enough waits until the last jump is as long ago as "old
 * enough" is, for ages that were reckoned across a jump are worth nothing.
 */
export class ClockWatch {
	readonly #clock: Clock;
	#wall: number;
	#monotonic: number;
	#jumpedAt = Number.NEGATIVE_INFINITY;

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#wall = clock.now();
		this.#monotonic = clock.monotonic();
	}

	/** Milliseconds since the last jump that was noticed; infinite without one. Look often: jumps may cancel out. */
	quietMs(): number {
		const wall = this.#clock.now();
		const monotonic = this.#clock.monotonic();
		if (Math.abs(wall - this.#wall - (monotonic - this.#monotonic)) > JUMP_MS) this.#jumpedAt = monotonic;
		this.#wall = wall;
		this.#monotonic = monotonic;
		return monotonic - this.#jumpedAt;
	}
}
