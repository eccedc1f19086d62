import { Counter, Gauge, type Registry as MetricsRegistry } from "prom-client";
import type { TransferStage } from "#/metadata/sql/transfer/transfer.ts";

/** Where a move of the database is counted. */
export interface DatabaseMigrationMeter {
	stage(stage: TransferStage): void;
	copied(rows: number): void;
}

const STAGES: readonly TransferStage[] = ["waiting", "copying", "verifying", "moved"];

/** The metrics of a move of the database. Where there is none, every stage is 0. */
export const databaseMigrationMetrics = (registry: MetricsRegistry): DatabaseMigrationMeter => {
	const registers = [registry];
	const at = new Gauge({
		name: "limani_database_migration",
		help: "1 for the stage that the move of the database to another one is at.",
		labelNames: ["stage"] as const,
		registers,
	});
	const rows = new Counter({
		name: "limani_database_migration_rows_total",
		help: "Rows that went over to the database that this one moves to.",
		registers,
	});
	for (const stage of STAGES) at.set({ stage }, 0);
	return {
		stage: (now) => {
			for (const stage of STAGES) at.set({ stage }, stage === now ? 1 : 0);
		},
		copied: (count) => rows.inc(count),
	};
};
