import { readConfigFile } from "#/app/read-config-file.ts";
import type { Environment } from "./environment.ts";
import { parseConfig } from "./load.ts";
import type { Config } from "./schema.ts";

/**
 * Reads the configuration file that `--config` names and lays the environment over it; without a file, the defaults.
 *
 * @throws ConfigError when it cannot be read or is not valid
 */
export const loadConfig = async (file: string | undefined, environment: Environment): Promise<Config> => {
	if (file === undefined) return parseConfig("", "defaults and environment", environment);
	return parseConfig(await readConfigFile("--config", file), file, environment);
};
