import { Counter, Gauge, type Registry as MetricsRegistry } from "prom-client";
import type { BackupMeter } from "#/features/backup/backup-work.ts";

/**
 * The metrics of backups.
 *
 * @param isWanted whether this process has an archive
 */
export const backupMetrics = (registry: MetricsRegistry, isWanted: boolean): BackupMeter => {
	const registers = [registry];
	const wanted = new Gauge({
		name: "limani_backup_enabled",
		help: "1 where the configuration has an archive for backups.",
		registers,
	});
	wanted.set(isWanted ? 1 : 0);
	const ended = new Counter({
		name: "limani_backups_total",
		help: "Backups that this process made, or failed to make.",
		labelNames: ["outcome"] as const,
		registers,
	});
	const last = new Gauge({
		name: "limani_backup_last_timestamp_seconds",
		help: "The instant that the last backup of this process is of; 0 before the first.",
		registers,
	});
	const shipped = new Gauge({
		name: "limani_backup_journal_timestamp_seconds",
		help: "Every change up to here is in the archive, as far as this process shipped it; 0 before the first time.",
		registers,
	});
	for (const outcome of ["Succeeded", "Failed"]) ended.inc({ outcome }, 0);
	return {
		ended: (isWhole, at) => {
			ended.inc({ outcome: isWhole ? "Succeeded" : "Failed" });
			if (isWhole) last.set(at / 1000);
		},
		shipped: (until) => shipped.set(until / 1000),
	};
};
