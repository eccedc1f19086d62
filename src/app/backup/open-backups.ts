import type { Config } from "#/app/config/schema.ts";
import type { ProcessParts } from "#/app/process-parts.ts";
import { sealedOutbox, sealedSnapshots } from "#/dataplane/sealed-journal.ts";
import type { Archive } from "#/features/backup/archive.ts";
import type { BackupMeter } from "#/features/backup/backup-work.ts";
import { Backups } from "#/features/backup/index.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Journaler } from "#/registry/journal/journaler.ts";
import type { Report } from "#/registry/report.ts";

/** What {@link openBackups} works with. */
export interface OpenBackupsDeps
	extends Pick<ProcessParts, "config" | "metadata" | "stores" | "holder" | "newId" | "masterKey"> {
	readonly archive: Archive;
	readonly journaler: Pick<Journaler, "round">;
	readonly report: Report;
	readonly meter: BackupMeter;
}

/** Puts together what makes backups. */
export const openBackups = (deps: OpenBackupsDeps, settings: NonNullable<Config["backup"]>): Backups => {
	const { config, metadata, masterKey, journaler } = deps;
	return new Backups(
		{
			...deps,
			metadata: {
				objects: metadata.objects,
				origins: metadata.origins,
				outbox: sealedOutbox(metadata.outbox, masterKey),
				snapshots: sealedSnapshots(metadata.snapshots, masterKey),
			},
			clock: systemClock,
			random: Math.random,
			journal: (signal) => journaler.round(signal),
		},
		{
			windowMs: settings.window,
			intervalMs: settings.journalInterval,
			verifyShare: settings.verifyPercent / 100,
			leaseMs: config.housekeeping.jobLease,
		},
	);
};
