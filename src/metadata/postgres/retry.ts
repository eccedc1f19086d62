import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseFailure } from "./database-failure.ts";

/** Runs of a transaction that others get in the way of. */
const CONTENDED_RUNS = 10;
const RACING_RUNS = 3;
/** Runs of a transaction whose connection fails: the second gets a new one. */
const BROKEN_RUNS = 2;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;

/** How {@link withRetries} works. */
export interface RetryOpts {
	/** Whether a run may be repeated of which it is not known if it was committed. */
	readonly repeatable: boolean;
	/** From 0 to 1. */
	readonly random: () => number;
}

/**
 * Runs a transaction until it is through, a bounded number of times.
 *
 * @param transaction must have left nothing behind when it throws, but for a DatabaseFailure that is `inDoubt`
 * @throws MetadataError UNAVAILABLE or FULL, or what the transaction itself threw
 */
export async function withRetries<T>(transaction: () => Promise<T>, opts: RetryOpts): Promise<T> {
	for (let run = 1; ; run++) {
		try {
			return await transaction();
		} catch (error) {
			if (!(error instanceof DatabaseFailure)) throw error;
			if (run >= runsFor(error, opts.repeatable)) throw error.toError();
			// New connections need no pause; those in each other's way should not meet again.
			if (error.fault === "again" || error.fault === "race") await pause(run, opts.random);
		}
	}
}

function runsFor(failure: DatabaseFailure, repeatable: boolean): number {
	if (failure.inDoubt && !repeatable) return 1;
	switch (failure.fault) {
		case "again":
			return CONTENDED_RUNS;
		case "race":
			return RACING_RUNS;
		case "stale":
		case "lost":
			return BROKEN_RUNS;
		case "full":
		case "away":
		case "mistake":
			return 1;
	}
}

async function pause(run: number, random: () => number): Promise<void> {
	await sleep(random() * Math.min(FIRST_PAUSE_MS * 2 ** run, LONGEST_PAUSE_MS));
}
