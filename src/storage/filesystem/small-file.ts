import { join } from "node:path";
import type { FileSystem } from "./file-system.ts";

/** The first `maxBytes` of a file, as text. Fails as the file system does. */
export const readText = async (fileSystem: FileSystem, path: string, maxBytes: number): Promise<string> => {
	const file = await fileSystem.open(path, "read");
	try {
		const bytes = Buffer.alloc(Math.min(maxBytes, (await file.stat()).size));
		return bytes.toString("utf8", 0, await file.read(bytes, 0));
	} finally {
		await file.close();
	}
};

/** Writes a file aside and renames it, so that it is never seen half. It is durable afterwards. */
export const writeAside = async (
	fileSystem: FileSystem,
	file: { readonly directory: string; readonly name: string; readonly aside: string; readonly text: string },
): Promise<void> => {
	const { directory, name, text } = file;
	const aside = join(directory, file.aside);
	const open = await fileSystem.open(aside, "create");
	try {
		await open.write([Buffer.from(text)], 0);
		await open.fsync();
	} finally {
		await open.close();
	}
	await fileSystem.rename(aside, join(directory, name));
	await fileSystem.fsyncDirectory(directory);
};
