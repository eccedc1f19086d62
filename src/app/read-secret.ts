import { ConfigError } from "./config/load.ts";
import { readConfigFile } from "./read-config-file.ts";

/**
 * A secret that is given in the configuration, or as the first line of a file.
 *
 * @param key what it is called in the configuration, for messages
 * @throws ConfigError when neither is given, or the file cannot be read or is empty
 */
export const readSecret = async (key: string, value: string | undefined, file: string | undefined): Promise<string> => {
	if (value !== undefined) return value;
	if (file === undefined) throw new ConfigError(`${key}: nothing given: expected it, or ${key}File`);
	const text = await readConfigFile(`${key}File`, file);
	const [line = ""] = text.split(/\r?\n/, 1);
	if (line === "") throw new ConfigError(`${key}File: got ${file}: expected its first line not to be empty`);
	return line;
};
