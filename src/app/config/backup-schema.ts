import { z } from "zod";
import { durationMs } from "./duration.ts";
import { archiveSchema } from "./store-schema.ts";

/** Where backups go. */
export const backupSchema = z
	.strictObject({
		archive: archiveSchema,
		keyFile: z.string().optional().describe("32 bytes that seal the archive; absent: it is not sealed"),
		window: durationMs("30d").describe("From now back to where every instant can be restored"),
		journalInterval: durationMs("30s")
			.refine((ms) => ms >= 1_000, "expected 1s or more")
			.describe("How often what is new in the journal goes into the archive: what may be lost with the registry"),
		verifyPercent: z
			.number()
			.min(0)
			.max(100)
			.default(5)
			.describe("Blobs of a hundred whose digest is compared in the archive, others each time"),
	})
	.optional()
	.describe("Where backups go; absent: there are none");

/** What a new registry begins with. */
export const recoverySchema = z
	.strictObject({
		archive: archiveSchema,
		keyFile: z.string().optional().describe("The key that the archive was sealed with"),
		backup: z.string().min(1).optional().describe("The id of the backup to restore; absent: the last change"),
		to: z.iso
			.datetime({ offset: true })
			.optional()
			.describe("The instant to restore, such as 2026-01-31T12:00:00Z; absent: the last change"),
	})
	.optional()
	.describe("What a registry that holds nothing yet begins with");
