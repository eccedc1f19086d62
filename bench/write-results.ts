import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

/** Results with the machine that they are of, as JSON. */
export const toText = (results: object): string => {
	const machine = {
		processor: cpus()[0]?.model,
		processors: cpus().length,
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		node: process.version,
		load: loadavg(),
	};
	return JSON.stringify({ machine, ...results }, undefined, "\t");
};

/**
 * Writes what {@link toText} made where results are kept.
 *
 * @param name which benchmark they are of; absent: the one beside peers
 * @returns the file
 */
export const writeResults = (text: string, name?: string): string => {
	const folder = new URL("./results/", import.meta.url).pathname;
	mkdirSync(folder, { recursive: true });
	const time = new Date().toISOString().replaceAll(":", "-");
	const file = join(folder, `${name === undefined ? time : `${name}-${time}`}.json`);
	writeFileSync(file, text);
	return file;
};
