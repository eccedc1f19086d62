import cluster from "node:cluster";
import type winston from "winston";
import { stringify } from "yaml";
import { REGISTRY_STOP_MS } from "#/lib/registry-stop-ms.ts";
import { loadConfig } from "./config/load-file.ts";
import type { Config } from "./config/schema.ts";
import { maskSecrets } from "./config/secrets.ts";
import { createLogger, writeStdout } from "./logger.ts";
import { readArgs } from "./read-args.ts";
import { readVersion } from "./read-version.ts";
import { type Running, runAlone } from "./run-alone.ts";
import { runPrimary, runWorker } from "./run-cluster.ts";
import { formatSummary } from "./summary.ts";
import { stopAndExit, untilTold } from "./until-told.ts";

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
	const { values } = readArgs("limani registry", {
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
	const stopping = untilTold(logger);
	// From the first moment on: clients may be served before all processes are.
	const running = await run(config, logger, stopping.signal).catch((error: unknown) => {
		if (!stopping.signal.aborted) throw error;
		return undefined;
	});
	const { stopDelay, drain } = config.limits;
	void stopping.told.then(() => stopAndExit(running, stopDelay + drain + REGISTRY_STOP_MS, logger));
	if (cluster.isWorker || stopping.signal.aborted) return;
	const { listen: address, workers } = config;
	logger.info("listening", { address, version: readVersion(), workers, config: file ?? "defaults" });
	// A person reads along at a terminal.
	if (process.stdout.isTTY) writeStdout(formatSummary(config));
};

const run = (config: Config, logger: winston.Logger, stopping: AbortSignal): Promise<Running> => {
	if (cluster.isWorker) return runWorker(config, logger);
	return config.workers > 1 ? runPrimary(config, logger, stopping) : runAlone(config, logger, { signal: stopping });
};
