/** What the data plane says of a backup: the one run that made it, or did not. */
import { z } from "zod";
import { count, everyRun, instantMs, MAX_RUNS, text } from "./run-report.ts";

const run = z.object({
	...everyRun,
	/** Which process made it. */
	instance: text(512),
	/** Its id in the archive, where it is whole however the run ends; absent: there is none, or nobody knows. */
	backup: text(64).exactOptional(),
	/** What it is a backup of: the registry at this instant. Goes with `backup`. */
	at: instantMs.exactOptional(),
	/** Blobs that the archive did not have. */
	blobs: count,
	/** Their bytes. */
	bytes: count,
	/** Blobs that were read back from the archive, and had their digest. */
	verified: count,
});

/** What the data plane says of a backup. */
export const backupReport = z.object({
	/** One at most. Interrupted: its process died or was told to end. */
	runs: z.array(run).max(MAX_RUNS),
});

/** What the data plane says of a backup. */
export type BackupReport = z.output<typeof backupReport>;
