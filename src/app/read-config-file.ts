import { readFile } from "node:fs/promises";
import { ConfigError } from "./config/load.ts";

/**
 * The text of a file that the configuration names.
 *
 * @param key what names it, for messages
 * @throws ConfigError when it cannot be read
 */
export const readConfigFile = async (key: string, file: string): Promise<string> => {
	try {
		return await readFile(file, "utf8");
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new ConfigError(`${key}: got ${file}: expected a file that can be read (${why})`, { cause });
	}
};
