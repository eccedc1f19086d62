/** What the reports of all policies are made of. */
import { z } from "zod";

/** Runs that a report has at most. */
export const MAX_RUNS = 5;

/** Decisions that a report explains at most. */
export const MAX_EXPLAINED = 20;

/** A text of so many characters at most. */
export const text = (length: number) => z.string().max(length);

/** How many. */
export const count = z.int().min(0);

/** Milliseconds since the epoch. */
export const instantMs = z.int().min(0).max(8.64e15);

/** What every run has; it goes on while `outcome` is Running. */
export const everyRun = {
	id: text(64),
	startedAt: instantMs,
	finishedAt: instantMs.exactOptional(),
	/** Stopped: by the guard, before anything was done. Interrupted: by the end of the process that ran it. */
	outcome: z.enum(["Running", "Succeeded", "Failed", "Stopped", "Interrupted"]),
	/** For people; without secrets. */
	message: text(1_024),
};
