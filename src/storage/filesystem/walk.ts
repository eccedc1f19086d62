import type { ObjectStat } from "#/storage/blob-store.ts";
import { isObjectKey } from "#/storage/object-key.ts";
import { unless } from "./file-error.ts";
import type { FileSystem } from "./file-system.ts";

/** What {@link walk} goes through. */
export interface WalkOpts {
	readonly fileSystem: FileSystem;
	/** Where the keys begin. */
	readonly directory: string;
	readonly prefix: string;
	/** The key of a file, by its path below the directory. @defaultValue the path itself */
	readonly toKey?: (path: string) => string;
}

/**
 * The files under a directory whose keys start with the prefix, in byte order of the keys. Holds one directory of each
 * level in memory. Files that vanish meanwhile, and those that are no objects (an operator's), are left out.
 */
export const walk = (opts: WalkOpts, signal: AbortSignal): AsyncIterable<ObjectStat> => walkFrom("", opts, signal);

/** @param parent the path of a directory with its last `/`, or nothing for the directory where keys begin */
async function* walkFrom(
	parent: string,
	opts: WalkOpts,
	signal: AbortSignal,
): AsyncGenerator<ObjectStat, void, undefined> {
	for (const path of await readPaths(parent, opts)) {
		signal.throwIfAborted();
		if (!path.endsWith("/")) {
			const stat = path.startsWith(opts.prefix) ? await statObject(path, opts) : undefined;
			if (stat !== undefined) yield stat;
		} else if (path.startsWith(opts.prefix) || opts.prefix.startsWith(path)) {
			yield* walkFrom(path, opts, signal);
		}
	}
}

/** The paths of a directory's entries in byte order; those of directories end with `/`, as what is in them goes on so. */
const readPaths = async (parent: string, opts: WalkOpts): Promise<string[]> => {
	const directory = `${opts.directory}/${parent}`;
	const entries = await unless(["ENOENT", "ENOTDIR"], () => opts.fileSystem.readDirectory(directory));
	const paths = (entries ?? []).map((entry) => parent + entry.name + (entry.kind === "directory" ? "/" : ""));
	return paths.sort(comparePaths);
};

/** Keys are ASCII, where the order of characters is the order of bytes. */
const comparePaths = (a: string, b: string): number => {
	if (a === b) return 0;
	return a < b ? -1 : 1;
};

/** Absent when there is no file of that name, or it is no object. */
const statObject = async (path: string, opts: WalkOpts): Promise<ObjectStat | undefined> => {
	const key = opts.toKey?.(path) ?? path;
	if (!isObjectKey(key)) return undefined;
	const stat = await unless(["ENOENT", "ENOTDIR"], () => opts.fileSystem.stat(`${opts.directory}/${path}`));
	return stat?.kind === "file" ? { key, size: stat.size, modifiedAt: stat.modifiedAt } : undefined;
};
