import { systemTiming } from "#/lib/timing.ts";
import { Transfer, type TransferWatch } from "#/metadata/sql/transfer/transfer.ts";
import type { Moving } from "./database.ts";
import { reportTo } from "./logger.ts";
import { type DatabaseMigrationMeter, databaseMigrationMetrics } from "./metrics/database-migration-metrics.ts";
import type { ProcessParts } from "./process-parts.ts";

/** Moves the database behind the requests, where it is to move, until it is disposed of. */
export const startMigration = (parts: ProcessParts, moving: Moving | undefined): AsyncDisposable => {
	const { logger, newId, meters } = parts;
	const meter = databaseMigrationMetrics(meters.registry);
	const controller = new AbortController();
	const transfer =
		moving &&
		new Transfer({
			...moving,
			newId,
			timing: systemTiming,
			watch: watching(parts, meter, moving.targetName),
			end: (error) => {
				reportTo(logger)({ event: "migration.torn", level: "error", error });
				// Its next life finds out from the two databases where the metadata is.
				process.exit(1);
			},
		});
	const running = transfer?.run(controller.signal);
	return {
		async [Symbol.asyncDispose]() {
			controller.abort();
			await running;
		},
	};
};

const watching = ({ logger }: ProcessParts, meter: DatabaseMigrationMeter, target: string): TransferWatch => {
	const report = reportTo(logger);
	const started = performance.now();
	let last = "";
	let rows = 0;
	return {
		stage: (stage) => {
			meter.stage(stage);
			if (stage !== last) report({ event: "migration.stage", level: "info", fields: { stage, target, rows } });
			last = stage;
		},
		failed: (error) => report({ event: "migration.failed", level: "warn", error, fields: { target } }),
		copied: (count) => {
			rows += count;
			meter.copied(count);
		},
		moved: (heldMs) => {
			const seconds = Math.round(performance.now() - started) / 1000;
			const held = Math.round(heldMs);
			report({ event: "migration.moved", level: "info", fields: { target, rows, seconds, heldMs: held } });
		},
	};
};
