import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a small file so that after a crash either the former content is there or all of the new one. Readable by this
 * user alone, since most such files hold secrets.
 */
export const writeDurably = (path: string, content: string | Uint8Array): void => {
	const directory = dirname(path);
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	const unfinished = `${path}.new`;
	const file = openSync(unfinished, "w", 0o600);
	try {
		// One that a crash left behind may have another mode.
		fchmodSync(file, 0o600);
		const bytes = Buffer.from(content);
		for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
		fsyncSync(file);
	} finally {
		closeSync(file);
	}
	renameSync(unfinished, path);
	const folder = openSync(directory, "r");
	try {
		fsyncSync(folder);
	} finally {
		closeSync(folder);
	}
};
