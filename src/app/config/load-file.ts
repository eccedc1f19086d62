import { readFile } from "node:fs/promises";
import type { Environment } from "./environment.ts";
import { ConfigError, parseConfig } from "./load.ts";
import type { Config } from "./schema.ts";

/**
 * Reads the configuration file that `--config` names and lays the environment over it; without a file, the defaults.
 *
 * @throws ConfigError when it cannot be read or is not valid
 */
export const loadConfig = async (file: string | undefined, environment: Environment): Promise<Config> => {
	if (file === undefined) return parseConfig("", "defaults and environment", environment);
	const text = await readFile(file, "utf8").catch((cause: unknown) => {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new ConfigError(`--config: got ${file}: expected a file that can be read (${why})`, { cause });
	});
	return parseConfig(text, file, environment);
};
