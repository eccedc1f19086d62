import { z } from "zod";

/**
 * A backup of the whole registry as it crosses Control. It is made once, as soon as it is known, and for as long as it is
 * known never again: one that came to its end is best named no more, for a data plane that was made anew in between would
 * take it for a new one.
 */
export const backupSpec = z.strictObject({
	/** `namespace/name`, for people. */
	name: z.string().min(1).max(317),
});

/** A backup as it crosses Control. */
export type BackupSpec = z.output<typeof backupSpec>;
