import type { Registry as MetricsRegistry } from "prom-client";
import type winston from "winston";
import type { Control } from "#/control/control.ts";
import type { Config } from "./config/schema.ts";
import { openServingDatabase } from "./database.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { openProcessParts } from "./process-parts.ts";
import { openServing, type Serving } from "./serving.ts";
import { startMigration } from "./start-migration.ts";

/** A registry that runs. Disposing it stops it, in good order. */
export type Running = AsyncDisposable;

/** A registry that runs in this process. */
export interface RunningHere extends Running {
	readonly control: Control;
}

/** What else is in the process of a registry that runs in it. */
export interface Surroundings {
	/** What must come to be before the registry is called ready, beside what it needs itself; absent: nothing. */
	readonly waitsFor?: () => string | undefined;
	/** Metrics that are told beside the registry's own. */
	readonly metrics?: Pick<MetricsRegistry, "metrics">;
	/** Ends what may take long at the start, hours where it copies what it begins with; absent: nothing does. */
	readonly signal?: AbortSignal;
}

/**
 * Runs the registry in this process alone. Resolves when it listens.
 *
 * @throws ConfigError, MetadataError, StoreError
 */
export const runAlone = async (
	config: Config,
	logger: winston.Logger,
	{ waitsFor, metrics: others, signal }: Surroundings = {},
): Promise<RunningHere> => {
	await using opening = new AsyncDisposableStack();
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	const database = await openServingDatabase(config, warn, signal);
	const parts = opening.use(await openProcessParts(config, logger, database.executor));
	const migration = opening.use(startMigration(parts, database));
	const here: { serving?: Serving } = {};
	const { control } = opening.use(await startHousekeeping(parts, migration, () => here.serving?.forgetRules(), signal));
	const { registry: metrics } = parts.meters;
	const text = async () => ({
		contentType: metrics.contentType,
		text: (await Promise.all([metrics, ...(others === undefined ? [] : [others])].map((one) => one.metrics()))).join(
			"\n",
		),
	});
	const serving = opening.use(await openServing(parts, text, waitsFor));
	here.serving = serving;
	await serving.listen();
	const resources = opening.move();
	return { control, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};
