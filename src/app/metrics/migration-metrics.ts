import { Counter, Gauge, type Registry as MetricsRegistry } from "prom-client";
import type { MigrationMeter } from "#/features/migrating/tell-progress.ts";

/** The metrics of stores that are being migrated, by the names of the stores. */
export const migrationMetrics = (registry: MetricsRegistry): MigrationMeter => {
	const registers = [registry];
	const labelNames = ["store"] as const;
	const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers });
	const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers });
	const objects = counter("limani_storage_migration_copied_total", "Objects that this process copied.");
	const bytes = counter("limani_storage_migration_copied_bytes_total", "Their bytes.");
	const remaining = gauge(
		"limani_storage_migration_remaining_objects",
		"Objects that are not known to be in the target yet.",
	);
	const completed = gauge("limani_storage_migration_completed", "1 when the target has all of the store.");
	return {
		copied: (store, count, sum) => {
			objects.inc({ store }, count);
			bytes.inc({ store }, sum);
		},
		progress: (store, { stage, objects: { done, all } }) => {
			remaining.set({ store }, all - done);
			completed.set({ store }, stage === "Completed" ? 1 : 0);
		},
	};
};
