/** The two clocks of a process. */
export interface Clock {
	/** Wall clock, milliseconds since the epoch; it may jump. */
	now(): number;
	/** Milliseconds from any origin; it never jumps. */
	monotonic(): number;
}

/** The machine's clocks. */
export const systemClock: Clock = { now: Date.now, monotonic: () => performance.now() };
