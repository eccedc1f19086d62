import { setTimeout as sleep } from "node:timers/promises";

/** Time and chance, as the pieces that wait need them. */
export interface Timing {
	/** Milliseconds from any origin; it never jumps. */
	monotonic(): number;
	/** From 0 up to, but not including, 1. */
	random(): number;
	/** Resolves after that many milliseconds; rejects with the signal's reason, and leaves no timer then. */
	sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The machine's. */
export const systemTiming: Timing = {
	monotonic: () => performance.now(),
	random: Math.random,
	sleep: async (ms, signal) => {
		try {
			await sleep(ms, undefined, { signal });
		} catch (cause) {
			signal.throwIfAborted();
			throw cause;
		}
	},
};
