import type winston from "winston";
import { describe } from "./logger.ts";

/** That the process is told to stop, by SIGTERM or SIGINT: `signal` is aborted and `told` resolves then. */
export interface Stopping {
	readonly signal: AbortSignal;
	readonly told: Promise<void>;
}

/** Listens for the signals that tell a process to stop. */
export const untilTold = (logger: winston.Logger): Stopping => {
	const controller = new AbortController();
	const { promise, resolve } = Promise.withResolvers<void>();
	for (const name of ["SIGTERM", "SIGINT"] as const) {
		process.on(name, () => {
			if (controller.signal.aborted) return;
			logger.info("stopping", { signal: name });
			controller.abort();
			resolve();
		});
	}
	return { signal: controller.signal, told: promise };
};

/**
 * Stops what runs, and ends the process: with 0, or with 1 when that fails or takes too long.
 *
 * @param running absent when it did not come to run
 * @param limitMs how long it may take, milliseconds
 */
export const stopAndExit = async (
	running: AsyncDisposable | undefined,
	limitMs: number,
	logger: winston.Logger,
): Promise<void> => {
	setTimeout(() => process.exit(1), limitMs).unref();
	try {
		await running?.[Symbol.asyncDispose]();
		process.exit(0);
	} catch (error) {
		logger.error("stop.failed", { error: describe(error) });
		process.exit(1);
	}
};
