/** Several processes on one port: the first owns the database and keeps house, the workers answer clients. */
import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import type winston from "winston";
import { ConfigError } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { openServingDatabase, openWorkerDatabase } from "./database.ts";
import { startHousekeeping } from "./housekeeping.ts";
import { ClusterMetrics, joinClusterMetrics } from "./metrics/cluster-metrics.ts";
import { openProcessParts } from "./process-parts.ts";
import type { Running } from "./run-alone.ts";
import { openServing } from "./serving.ts";
import { startMigration } from "./start-migration.ts";

/** How soon a worker that died is replaced, milliseconds. */
const RESPAWN_MS = 500;
/** How soon one is that died before it served: starting may have to wait for something. */
const RETRY_MS = 5_000;
/** How long a worker may take to start, milliseconds. */
const START_MS = 60_000;

/**
 * Runs the first process: opens the database, starts the workers and replaces those that die.
 *
 * @param stopping ends the start: the database is waited for no longer, what an archive has is copied no further, the workers that serve already finish what
 * they are at
 */
export const runPrimary = async (config: Config, logger: winston.Logger, stopping: AbortSignal): Promise<Running> => {
	await using opening = new AsyncDisposableStack();
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	const database = await openServingDatabase(config, warn, stopping);
	const parts = opening.use(await openProcessParts(config, logger, database.executor));
	const migration = opening.use(startMigration(parts, database));
	opening.use(await startHousekeeping(parts, migration, undefined, stopping));
	cluster.setupPrimary({ serialization: "advanced" });
	const metrics = new ClusterMetrics(parts.meters.registry);
	let ending = false;
	const start = (): Worker => {
		const worker = cluster.fork();
		let served = false;
		worker.once("listening", () => {
			served = true;
			logger.info("worker.listening", { worker: worker.process.pid });
		});
		database.serve(worker);
		metrics.add(worker);
		worker.once("exit", (code, signal) => {
			if (ending) return;
			logger.error("worker.died", { worker: worker.process.pid, code, signal });
			setTimeout(() => ending || start(), served ? RESPAWN_MS : RETRY_MS).unref();
		});
		return worker;
	};
	const workers = Array.from({ length: config.workers }, start);
	opening.defer(async () => {
		ending = true;
		await stopWorkers(config.limits.stopDelay + config.limits.drain);
	});
	await Promise.all(workers.map((worker) => untilListening(worker, stopping)));
	const resources = opening.move();
	return { [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/** Runs a worker: answers clients, writes through the first process. */
export const runWorker = async (config: Config, logger: winston.Logger): Promise<Running> => {
	await using opening = new AsyncDisposableStack();
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	const executor = await openWorkerDatabase(config, process, warn);
	const parts = opening.use(await openProcessParts(config, logger, executor));
	const { registry } = parts.meters;
	const askAll = joinClusterMetrics(registry, process);
	const metrics = async () => ({ contentType: registry.contentType, text: await askAll() });
	const serving = opening.use(await openServing(parts, metrics));
	await serving.listen();
	const resources = opening.move();
	return { [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/**
 * Resolves when a worker serves, or was killed: then another takes its place.
 *
 * @throws ConfigError when the worker ends by itself instead; it has said why
 */
const untilListening = async (worker: Worker, stopping: AbortSignal): Promise<void> => {
	const settled = new AbortController();
	const signal = AbortSignal.any([settled.signal, stopping, AbortSignal.timeout(START_MS)]);
	try {
		const listening = once(worker, "listening", { signal }).then(() => null);
		const ended = once(worker, "exit", { signal }).then(([code]: (number | null)[]) => code);
		if (typeof (await Promise.race([listening, ended])) === "number") {
			throw new ConfigError("a worker process ended at its start, for the reason above");
		}
	} finally {
		settled.abort();
	}
};

const stopWorkers = async (drainMs: number): Promise<void> => {
	const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
	const exits = workers.map((worker) => (worker.isDead() ? undefined : once(worker, "exit")));
	for (const worker of workers) worker.process.kill("SIGTERM");
	const late = setTimeout(() => {
		for (const worker of workers) worker.process.kill("SIGKILL");
	}, drainMs + 10_000);
	await Promise.all(exits);
	clearTimeout(late);
};
