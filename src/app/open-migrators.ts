import { StorageMigrator } from "#/features/migrating/index.ts";
import { systemClock } from "#/lib/clock.ts";
import { reportTo } from "./logger.ts";
import { migrationMetrics } from "./metrics/migration-metrics.ts";
import type { ProcessParts } from "./process-parts.ts";

/** What carries the stores of a process that are being migrated to where they go. */
export const openMigrators = (parts: ProcessParts): readonly StorageMigrator[] => {
	const { config, metadata, migrations, holder, logger, meters } = parts;
	const { objects, outbox } = metadata;
	const meter = migrationMetrics(meters.registry);
	const common = { objects, outbox, holder, clock: systemClock, report: reportTo(logger), meter };
	const leaseMs = config.housekeeping.jobLease;
	return migrations.map((migration) => new StorageMigrator({ ...common, ...migration }, { leaseMs }));
};
