import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "./report.ts";

/** How rounds follow one another. */
export interface RoundsOpts {
	/** Names the work in reports. */
	readonly name: string;
	/** Between two rounds, in milliseconds. */
	readonly intervalMs: number;
	/** The longest pause after failures, which double the interval, in milliseconds. */
	readonly maxPauseMs: number;
	readonly report: Report;
}

/**
 * Repeats a round of background work until `signal` is aborted; never throws. A round that returns true has more to do
 * and is repeated at once; one that fails is reported and repeated after a longer and longer pause.
 */
export const runRounds = async (
	round: (signal: AbortSignal) => Promise<boolean>,
	{ name, intervalMs, maxPauseMs, report }: RoundsOpts,
	signal: AbortSignal,
): Promise<void> => {
	let failures = 0;
	while (!signal.aborted) {
		let pause = intervalMs;
		try {
			const hasMore = await round(signal);
			failures = 0;
			if (hasMore) pause = 0;
		} catch (error) {
			if (signal.aborted) return;
			report({ event: `${name}.failed`, level: "error", error });
			failures += 1;
			pause = Math.min(intervalMs * 2 ** failures, maxPauseMs);
		}
		await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
	}
};
