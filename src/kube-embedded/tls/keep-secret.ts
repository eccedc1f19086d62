import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Writes a file that nobody else may read, whole or not at all. */
export const writeSecret = (path: string, text: string): void => {
	mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
	const staged = `${path}.new`;
	const file = openSync(staged, "w", 0o600);
	try {
		writeSync(file, text);
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
	chmodSync(staged, 0o600);
	renameSync(staged, path);
};

/** The text of a file; undefined when there is none. */
export const readSecret = (path: string): string | undefined => {
	try {
		return readFileSync(path, "utf8");
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
		throw error;
	}
};

/** The text of a file that nobody else may read; made when there is none. */
export const keepSecret = (path: string, make: () => string): string => {
	const found = readSecret(path);
	if (found !== undefined) return found;
	const made = make();
	writeSecret(path, made);
	return made;
};
