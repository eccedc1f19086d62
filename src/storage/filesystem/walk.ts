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
}

/**
 * The files under a directory whose keys start with the prefix, in byte order of the keys. Holds one directory of each
 * level in memory. Files that vanish meanwhile, and those that are no objects (an operator's), are left out.
 */
export const walk = (opts: WalkOpts, signal: AbortSignal): AsyncIterable<ObjectStat> => walkFrom("", opts, signal);

/** @param parent the key of a directory with its last `/`, or nothing for the directory where keys begin */
async function* walkFrom(
	parent: string,
	opts: WalkOpts,
	signal: AbortSignal,
): AsyncGenerator<ObjectStat, void, undefined> {
	for (const key of await readKeys(parent, opts)) {
		signal.throwIfAborted();
		if (!key.endsWith("/")) {
			const stat = key.startsWith(opts.prefix) ? await statObject(key, opts) : undefined;
			if (stat !== undefined) yield stat;
		} else if (key.startsWith(opts.prefix) || opts.prefix.startsWith(key)) {
			yield* walkFrom(key, opts, signal);
		}
	}
}

/** The keys of a directory's entries in byte order; those of directories end with `/`, as what is in them goes on so. */
const readKeys = async (parent: string, opts: WalkOpts): Promise<string[]> => {
	const path = `${opts.directory}/${parent}`;
	const entries = await unless(["ENOENT", "ENOTDIR"], () => opts.fileSystem.readDirectory(path));
	const keys = (entries ?? []).map((entry) => parent + entry.name + (entry.kind === "directory" ? "/" : ""));
	return keys.sort(compareKeys);
};

/** Keys are ASCII, where the order of characters is the order of bytes. */
const compareKeys = (a: string, b: string): number => {
	if (a === b) return 0;
	return a < b ? -1 : 1;
};

/** Absent when there is no file of that name, or it is no object. */
const statObject = async (key: string, opts: WalkOpts): Promise<ObjectStat | undefined> => {
	if (!isObjectKey(key)) return undefined;
	const stat = await unless(["ENOENT", "ENOTDIR"], () => opts.fileSystem.stat(`${opts.directory}/${key}`));
	return stat?.kind === "file" ? { key, size: stat.size, modifiedAt: stat.modifiedAt } : undefined;
};
