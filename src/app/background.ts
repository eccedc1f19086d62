import { setTimeout as sleep } from "node:timers/promises";
import type { Report } from "#/registry/report.ts";

/** Work that is done again and again. */
export interface BackgroundJob {
	readonly name: string;
	/** One round; resolves to how long to wait for the next, milliseconds. */
	readonly round: (signal: AbortSignal) => Promise<number>;
}

/** The longest wait after failures, milliseconds. */
const MAX_BACKOFF_MS = 60_000;

/**
 * Runs a job until it is disposed. A round that fails is reported and tried again, each time later, up to a minute.
 * Disposing waits for the round under way.
 */
export const runInBackground = (job: BackgroundJob, report: Report): AsyncDisposable => {
	const controller = new AbortController();
	const done = loop(job, report, controller.signal);
	return {
		async [Symbol.asyncDispose]() {
			controller.abort();
			await done;
		},
	};
};

const loop = async ({ name, round }: BackgroundJob, report: Report, signal: AbortSignal): Promise<void> => {
	let failures = 0;
	while (!signal.aborted) {
		let wait: number;
		try {
			wait = await round(signal);
			failures = 0;
		} catch (error) {
			if (signal.aborted) return;
			failures += 1;
			wait = Math.min(1000 * 2 ** (failures - 1), MAX_BACKOFF_MS);
			report({ event: `${name}.failed`, level: "error", error, fields: { retryInMs: wait } });
		}
		await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
	}
};
