import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { type FileToPack, writeTar } from "./write-tar.ts";

/** Writes an archive, which is there under its name only when all of it is on disk. @returns its SHA-256, in hex */
export const writeBundle = async (path: string, files: readonly FileToPack[], signal: AbortSignal): Promise<string> => {
	const unfinished = `${path}.new`;
	const hash = createHash("sha256");
	try {
		await using file = await open(unfinished, "w");
		for await (const bytes of writeTar(files, signal)) {
			hash.update(bytes);
			await file.writeFile(bytes);
		}
		await file.sync();
	} catch (error) {
		await rm(unfinished, { force: true });
		throw error;
	}
	await rename(unfinished, path);
	return hash.digest("hex");
};
