import { reportTo } from "#/app/logger.ts";
import { backupMetrics } from "#/app/metrics/backup-metrics.ts";
import type { ProcessParts } from "#/app/process-parts.ts";
import { ArchiveStandings } from "#/features/backup/archive-standings.ts";
import { BackupFeature, type BackupPolicy } from "#/features/backup/backup-feature.ts";
import type { BackupMeter } from "#/features/backup/backup-work.ts";
import type { Backups } from "#/features/backup/index.ts";
import { PolicyRunner } from "#/jobs/policy-runner.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Journaler } from "#/registry/journal/journaler.ts";
import { openArchive } from "./open-archive.ts";
import { openBackups } from "./open-backups.ts";

/** What makes backups in one process, and knows of them. */
export interface OpenedBackingUp extends AsyncDisposable {
	/** Makes those that are handed over as resources; without an archive, fails them with that. */
	readonly runner: PolicyRunner<BackupPolicy>;
	/** Where the configuration has an archive. */
	readonly archived: { readonly backups: Backups; readonly standings: ArchiveStandings } | undefined;
}

/** Puts backups together. @throws MasterKeyError when the key of the archive cannot be had */
export const openBackingUp = async (parts: ProcessParts, journaler: Journaler): Promise<OpenedBackingUp> => {
	const { config, metadata, holder, newId, logger } = parts;
	await using opening = new AsyncDisposableStack();
	const archived = await openArchived(parts, journaler, opening);
	const feature = new BackupFeature({ backups: archived?.backups, holder });
	const { policies, outbox } = metadata;
	// Backups are counted where they are made, whoever asked for them.
	const meter = { began: () => undefined, ended: () => undefined };
	const deps = { policies, outbox, holder, newId, clock: systemClock, report: reportTo(logger), meter };
	const runner = new PolicyRunner(feature, deps, { concurrency: 1, leaseMs: config.housekeeping.jobLease });
	const resources = opening.move();
	return { runner, archived, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

const openArchived = async (
	parts: ProcessParts,
	journaler: Journaler,
	opening: AsyncDisposableStack,
): Promise<OpenedBackingUp["archived"]> => {
	const { config, logger, newId, meters, metadata } = parts;
	const metrics = backupMetrics(meters.registry, config.backup !== undefined);
	if (config.backup === undefined) return undefined;
	const { archive } = opening.use(await openArchive({ config, newId, logger }, config.backup, true));
	const report = reportTo(logger);
	const registry = () => metadata.origins.identify(newId());
	const standings = new ArchiveStandings({ archive, registry, clock: systemClock, report });
	const meter = both(metrics, standings);
	const backups = openBackups({ ...parts, archive, journaler, report, meter }, config.backup);
	return { backups, standings };
};

const both = (a: BackupMeter, b: BackupMeter): BackupMeter => ({
	ended: (isWhole, at) => {
		a.ended(isWhole, at);
		b.ended(isWhole, at);
	},
	shipped: (until) => {
		a.shipped(until);
		b.shipped(until);
	},
});
