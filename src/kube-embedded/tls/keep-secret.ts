import { readFileSync } from "node:fs";
import { writeDurably } from "#/lib/write-durably.ts";

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
	writeDurably(path, made);
	return made;
};
