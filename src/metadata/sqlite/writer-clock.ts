/** Where a {@link WriterClock} takes its time from, milliseconds. */
export interface TimeSource {
	/** Wall clock, since the epoch. It may jump. */
	readonly wall: () => number;
	/** From any origin; it never jumps. */
	readonly monotonic: () => number;
}

/** The machine's clocks. */
export const systemTime: TimeSource = { wall: Date.now, monotonic: () => performance.now() };

/**
 * The writer's time: the wall clock, but never going back, neither when the wall clock is set back nor over a restart.
 * While it is ahead of the wall clock it goes on at nine tenths of real speed, so leases still expire and the two meet
 * again.
 */
export class WriterClock {
	readonly #time: TimeSource;
	#last: number;
	#lastMonotonic: number;

	/** @param floor no instant before it is ever given out; 0 when there is none */
	constructor(time: TimeSource, floor: number) {
		this.#time = time;
		this.#last = Math.max(floor, time.wall());
		this.#lastMonotonic = time.monotonic();
	}

	/** Whole milliseconds since the epoch, not less than any given out before. */
	now(): number {
		const monotonic = this.#time.monotonic();
		const slowed = this.#last + (monotonic - this.#lastMonotonic) * 0.9;
		this.#last = Math.max(this.#time.wall(), slowed);
		this.#lastMonotonic = monotonic;
		return Math.floor(this.#last);
	}
}
