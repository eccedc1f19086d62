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
	// That of node:timers/promises makes an error with its stack for each sleep that ends early, and nearly all do.
	sleep: async (ms, signal) => {
		signal.throwIfAborted();
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const end = () => reject(signal.reason);
		const timer = setTimeout(resolve, ms);
		signal.addEventListener("abort", end, { once: true });
		try {
			await promise;
		} finally {
			clearTimeout(timer);
			signal.removeEventListener("abort", end);
		}
	},
};
