/** What the data plane says of a retention policy: its last runs, and why what goes goes. */
import { z } from "zod";
import { count, everyRun, instantMs, MAX_EXPLAINED, MAX_RUNS, text } from "./run-report.ts";

const run = z.object({
	...everyRun,
	trigger: z.enum(["Schedule", "Request", "Command"]),
	dryRun: z.boolean(),
	/** Artifacts that the policy is about. */
	looked: count,
	kept: count,
	/** In a dry run: that would have been removed. */
	removed: count,
	/** Of what was removed, each blob as often as it was counted there. */
	bytes: count,
	byRule: z.array(z.object({ rule: text(63), kept: count })).max(15),
});

const decision = z.object({
	repository: text(255),
	digest: text(255),
	tags: z.array(text(128)).max(1_000),
	keep: z.boolean(),
	/** The first rule that keeps it; absent when none does. */
	rule: text(63).exactOptional(),
	why: text(1_024),
});

/** What the data plane says of a retention policy. */
export const retentionReport = z.object({
	/** The newest first. */
	runs: z.array(run).max(MAX_RUNS),
	nextRunAt: instantMs.exactOptional(),
	/** Of the last run that looked: those that go first. */
	explain: z.array(decision).max(MAX_EXPLAINED),
	/** The `requestedAt` whose run has ended; absent: none yet. */
	handledRequest: text(128).exactOptional(),
});

/** What the data plane says of a retention policy. */
export type RetentionReport = z.output<typeof retentionReport>;
/** One of its runs. */
export type RetentionRun = RetentionReport["runs"][number];
/** Why one artifact stays or goes. */
export type RetentionDecision = RetentionReport["explain"][number];
