import type winston from "winston";
import type { Config } from "./config/schema.ts";
import { openOwnedDatabase } from "./database.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { openProcessParts } from "./process-parts.ts";
import { openServing } from "./serving.ts";

/** A registry that runs. Disposing it stops it, in good order. */
export type Running = AsyncDisposable;

/** Runs the registry in this process alone. Resolves when it listens. */
export const runAlone = async (config: Config, logger: winston.Logger): Promise<Running> => {
	await using opening = new AsyncDisposableStack();
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	const { executor } = await openOwnedDatabase(config, warn);
	const parts = opening.use(await openProcessParts(config, logger, executor));
	opening.use(await startHousekeeping(parts));
	const { registry: metrics } = parts.meters;
	const text = async () => ({ contentType: metrics.contentType, text: await metrics.metrics() });
	const serving = opening.use(await openServing(parts, text));
	await serving.listen();
	const resources = opening.move();
	return { [Symbol.asyncDispose]: () => resources.disposeAsync() };
};
