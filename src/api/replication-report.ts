/** What the data plane says of a replication policy: its last runs, and how far the copies are those of the source. */
import { z } from "zod";
import { count, everyRun, instantMs, MAX_RUNS, text } from "./run-report.ts";

const run = z.object({
	...everyRun,
	trigger: z.enum(["Schedule", "Request", "Event", "Command"]),
	/** Artifacts that were not there before, or not so. */
	copied: count,
	/** That were there already. */
	skipped: count,
	failed: count,
	/** Copies that went, for what they were copied from has gone. */
	removed: count,
	/** That were sent. */
	bytes: count,
});

/** What the data plane says of a replication policy. */
export const replicationReport = z.object({
	/** The newest first. */
	runs: z.array(run).max(MAX_RUNS),
	nextRunAt: instantMs.exactOptional(),
	/** Tags that point at the same on both sides. */
	inSync: count,
	/** Tags that are yet to be copied. */
	behind: count,
	/** Tags that somebody else moved at the target. */
	diverged: count,
	/**
	 * For how long what is behind longest has waited; 0: nothing is. Where a source could not be seen whole, at least the
	 * time since it last was: nobody knows what is behind then.
	 */
	lagSeconds: count,
	/** When that was counted. */
	observedAt: instantMs.exactOptional(),
	/** The `requestedAt` whose run has ended; absent: none yet. */
	handledRequest: text(128).exactOptional(),
});

/** What the data plane says of a replication policy. */
export type ReplicationReport = z.output<typeof replicationReport>;
