import { type ParseArgsConfig, parseArgs } from "node:util";
import { ConfigError } from "./config/load.ts";

/**
 * Reads the arguments of a command.
 *
 * @param command as people type it, such as `limani probe`
 * @throws ConfigError that says what is wrong, and where help is
 */
export const readArgs = <const T extends ParseArgsConfig>(
	command: string,
	config: T,
): ReturnType<typeof parseArgs<T>> => {
	try {
		return parseArgs(config);
	} catch (cause) {
		const why = cause instanceof Error ? cause.message : String(cause);
		throw new ConfigError(`${why}; see ${command} --help`, { cause });
	}
};
