import { join, resolve } from "node:path";
import type { RootNotes } from "#/storage/root-notes.ts";
import { unless, withStoreErrors } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";
import { readText, writeAside } from "./small-file.ts";

/** The longest note that is read, bytes. */
const MAX_NOTE_BYTES = 1024 * 1024;

/** The notes in the root of a filesystem store. `id` gives one that no other process gives. */
export const openRootNotes = (
	{ fileSystem, id }: { readonly fileSystem: FileSystem; readonly id: () => string },
	root: string,
): RootNotes => {
	const directory = resolve(root);
	return {
		read: (name) =>
			withStoreErrors(`read ${name} in ${directory}`, () =>
				unless(["ENOENT", "ENOTDIR"], () => readText(fileSystem, join(directory, name), MAX_NOTE_BYTES)),
			),
		write: (name, text) =>
			withStoreErrors(`write ${name} in ${directory}`, () =>
				writeAside(fileSystem, { directory, name, aside: `${name}.${id()}`, text }),
			),
	};
};
