import cluster from "node:cluster";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { loadConfig } from "./config/load-file.ts";
import type { Config } from "./config/schema.ts";
import { maskSecrets } from "./config/secrets.ts";
import { createLogger, writeStdout } from "./logger.ts";
import { type Running, runAlone } from "./run-alone.ts";
import { runPrimary, runWorker } from "./run-cluster.ts";
import { formatSummary } from "./summary.ts";

/** What `limani registry --help` says. */
const REGISTRY_HELP = `Usage: limani registry [--config FILE] [--workers N] [--listen HOST:PORT] [--data DIR] [--print-config]

Serves a registry.

  --config FILE        configuration (YAML); without it, the defaults, which have no project
  --workers N          processes that serve requests (default 1)
  --listen HOST:PORT   where clients connect (default 127.0.0.1:5080)
  --data DIR           directory of everything that is kept (default .limani)
  --print-config       print the whole configuration as it is understood, secrets masked, and end

Every key of the configuration can also be given in the environment:
database.postgres.url is LIMANI_DATABASE_POSTGRES_URL.
`;

/** Runs `limani registry`. Resolves to the process's exit code, or to undefined while it goes on serving. */
export const registryCommand = async (args: readonly string[]): Promise<number | undefined> => {
	const { values } = parseArgs({
		args: [...args],
		options: {
			config: { type: "string" },
			workers: { type: "string" },
			listen: { type: "string" },
			data: { type: "string" },
			"print-config": { type: "boolean" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) {
		writeStdout(REGISTRY_HELP);
		return 0;
	}
	const environment = {
		...process.env,
		...(values.workers === undefined ? {} : { LIMANI_WORKERS: values.workers }),
		...(values.listen === undefined ? {} : { LIMANI_LISTEN: values.listen }),
		...(values.data === undefined ? {} : { LIMANI_DATA_DIR: values.data }),
	};
	const config = await loadConfig(values.config, environment);
	if (values["print-config"] === true) {
		writeStdout(stringify(maskSecrets(config)));
		return 0;
	}
	await serve(config, values.config);
	return undefined;
};

const serve = async (config: Config, file: string | undefined): Promise<void> => {
	const logger = createLogger(config.log.level);
	const running = await run(config, logger);
	let stopping = false;
	const stop = (signal: string): void => {
		if (stopping) return;
		stopping = true;
		logger.info("stopping", { signal });
		void running[Symbol.asyncDispose]().then(
			() => process.exit(0),
			(error: unknown) => {
				logger.error("stop.failed", { error: String(error) });
				process.exit(1);
			},
		);
	};
	process.on("SIGTERM", () => stop("SIGTERM"));
	process.on("SIGINT", () => stop("SIGINT"));
	if (cluster.isWorker) {
		process.on("disconnect", () => stop("disconnect"));
		return;
	}
	logger.info("listening", { address: config.listen, workers: config.workers, config: file ?? "defaults" });
	// A person reads along at a terminal, and after `npm start`.
	if (process.stdout.isTTY || process.env.npm_lifecycle_event === "start") writeStdout(formatSummary(config));
};

const run = (config: Config, logger: ReturnType<typeof createLogger>): Promise<Running> => {
	if (cluster.isWorker) return runWorker(config, logger);
	return config.workers > 1 ? runPrimary(config, logger) : runAlone(config, logger);
};
