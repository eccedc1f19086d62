import { basename, dirname } from "node:path";
import { StoreError } from "#/storage/store-error.ts";
import { unless } from "./file-error.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";
import type { ObjectPaths } from "./layout.ts";

/**
 * What may follow a key in the name of a staged file: `+` and the number of the take-over that made it, and `~` as long
 * as it is being copied. No key has these characters, and `+` sorts before all that keys have.
 */
const SUFFIX = /\+(\d{1,15})(~?)$/;

const COPY_BYTES = 1024 * 1024;

/** One file that was staged for a key. */
export interface StagedName {
	readonly path: string;
	/** The take-over that made it; 0 for the first. */
	readonly takeover: number;
	/** Whether all bytes are in it that were acknowledged when it was made. */
	readonly isWhole: boolean;
}

/** The key that a staged file's name, with its directory in front, belongs to. */
export const keyOfStaged = (name: string): string => name.replace(SUFFIX, "");

/** Where the staged file is that the given take-over made. */
export const stagedPath = ({ staged }: ObjectPaths, takeover: number): string =>
	takeover === 0 ? staged : `${staged}+${takeover}`;

/** All files staged for a key. */
export const listStaged = async (fileSystem: FileSystem, { staged }: ObjectPaths): Promise<readonly StagedName[]> => {
	const directory = dirname(staged);
	const own = basename(staged);
	const entries = await unless(["ENOENT", "ENOTDIR"], () => fileSystem.readDirectory(directory));
	return (entries ?? []).flatMap(({ name }) => {
		if (keyOfStaged(name) !== own) return [];
		const [, takeover = "0", mark = ""] = SUFFIX.exec(name) ?? [];
		return [{ path: `${directory}/${name}`, takeover: Number(takeover), isWhole: mark === "" }];
	});
};

/**
 * The take-over whose file has the bytes up to a checkpoint: the one that the checkpoint names, or a later one that
 * came to copy them but not to a checkpoint of its own.
 */
export const findStaged = async (fileSystem: FileSystem, paths: ObjectPaths, named: number): Promise<number> => {
	const stat = await unless(["ENOENT", "ENOTDIR"], () => fileSystem.stat(stagedPath(paths, named)));
	if (stat !== undefined) return named;
	const later = (await listStaged(fileSystem, paths)).filter(({ takeover, isWhole }) => isWhole && takeover > named);
	return later.reduce((best, { takeover }) => Math.max(best, takeover), named);
};

/**
 * Makes the file of a take-over, which the earlier writer cannot reach, with the first `size` bytes of `source` in it.
 * It is durable under its name before this resolves.
 */
export const copyStaged = async (
	fileSystem: FileSystem,
	source: OpenFile,
	size: number,
	target: string,
): Promise<OpenFile> => {
	const unfinished = `${target}~`;
	await unless(["ENOENT"], () => fileSystem.unlink(unfinished));
	const file = await fileSystem.open(unfinished, "create");
	try {
		for (let position = 0; position < size; ) {
			// A new buffer each time: the file system may hold on to what it was given.
			const piece = Buffer.allocUnsafeSlow(Math.min(COPY_BYTES, size - position));
			if ((await source.read(piece, position)) < piece.byteLength) {
				throw new StoreError("CORRUPT", "the staged file is short");
			}
			await file.write([piece], position);
			position += piece.byteLength;
		}
		await file.fsync();
		await fileSystem.rename(unfinished, target);
		await fileSystem.fsyncDirectory(dirname(target));
		return file;
	} catch (error) {
		await file.close();
		// Not left to the next take-over: there need not be one.
		for (const path of [unfinished, target]) await unless(["ENOENT"], () => fileSystem.unlink(path)).catch(() => {});
		throw error;
	}
};

/** Deletes the files staged for a key before the given take-over. @returns what was staged */
export const dropEarlier = async (
	fileSystem: FileSystem,
	paths: ObjectPaths,
	takeover: number,
): Promise<readonly StagedName[]> => {
	const all = await listStaged(fileSystem, paths);
	for (const staged of all) {
		if (staged.takeover < takeover) await unless(["ENOENT"], () => fileSystem.unlink(staged.path));
	}
	return all;
};

/**
 * Takes the names away from all files that were staged for a key before the given take-over, so that none of their
 * writers can finish the object any more.
 *
 * @throws StoreError NOT_FOUND when one of them has done so, or a later take-over has the object
 */
export const fenceOff = async (fileSystem: FileSystem, paths: ObjectPaths, takeover: number): Promise<void> => {
	const all = await dropEarlier(fileSystem, paths, takeover);
	if (all.some((staged) => staged.takeover > takeover)) {
		throw new StoreError("NOT_FOUND", "the object was taken over meanwhile");
	}
	const finished = await unless(["ENOENT", "ENOTDIR"], () => fileSystem.stat(paths.data));
	if (finished !== undefined) throw new StoreError("NOT_FOUND", "the object was finished meanwhile");
};
