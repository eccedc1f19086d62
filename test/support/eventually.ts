import { setTimeout as sleep } from "node:timers/promises";

/** How long something may take that a loaded machine does, milliseconds. */
const DEADLINE_MS = 60_000;

/**
 * Tries until it does not throw, and gives what came of it.
 *
 * @param deadlineMs how long to try; then what was thrown last is thrown
 */
export const eventually = async <T>(attempt: () => Promise<T> | T, deadlineMs = DEADLINE_MS): Promise<T> => {
	const deadline = performance.now() + deadlineMs;
	for (;;) {
		try {
			return await attempt();
		} catch (error) {
			if (performance.now() > deadline) throw error;
			await sleep(100);
		}
	}
};
