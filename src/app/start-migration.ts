import { systemTiming } from "#/lib/timing.ts";
import { Transfer, type TransferWatch } from "#/metadata/sql/transfer/transfer.ts";
import type { ServingDatabase } from "./database.ts";
import { reportTo } from "./logger.ts";
import { type DatabaseMigrationMeter, databaseMigrationMetrics } from "./metrics/database-migration-metrics.ts";
import { type DatabaseStanding, MigrationStanding } from "./migration-standing.ts";
import type { ProcessParts } from "./process-parts.ts";

/** A move of the database that may be under way. Disposing it stops it where it is. */
export type RunningMigration = DatabaseStanding & AsyncDisposable;

/** Moves the database behind the requests, where it is to move, until it is disposed of. */
export const startMigration = (
	parts: ProcessParts,
	{ moving, movedTo }: Pick<ServingDatabase, "moving" | "movedTo">,
): RunningMigration => {
	const { logger, newId, meters } = parts;
	const meter = databaseMigrationMetrics(meters.registry);
	if (movedTo !== undefined) meter.stage("moved");
	const to = moving?.targetName ?? movedTo;
	const standing = to === undefined ? undefined : new MigrationStanding(to, moving === undefined ? "moved" : "waiting");
	const controller = new AbortController();
	const transfer =
		moving &&
		standing &&
		new Transfer({
			...moving,
			newId,
			timing: systemTiming,
			watch: watching(parts, { meter, standing, target: moving.targetName }),
			end: (error) => {
				reportTo(logger)({ event: "migration.torn", level: "error", error });
				// Its next life finds out from the two databases where the metadata is.
				process.exit(1);
			},
		});
	const running = transfer?.run(controller.signal);
	return {
		tell: () => standing?.tell(),
		async [Symbol.asyncDispose]() {
			controller.abort();
			await running;
		},
	};
};

interface Watching {
	readonly meter: DatabaseMigrationMeter;
	readonly standing: MigrationStanding;
	readonly target: string;
}

const watching = ({ logger }: ProcessParts, { meter, standing, target }: Watching): TransferWatch => {
	const report = reportTo(logger);
	const started = performance.now();
	let last = "";
	let rows = 0;
	return {
		stage: (stage) => {
			meter.stage(stage);
			standing.stage(stage);
			if (stage !== last) report({ event: "migration.stage", level: "info", fields: { stage, target, rows } });
			last = stage;
		},
		failed: (error) => {
			standing.failed(error);
			report({ event: "migration.failed", level: "warn", error, fields: { target } });
		},
		progress: (done, all) => standing.progress(done, all),
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
