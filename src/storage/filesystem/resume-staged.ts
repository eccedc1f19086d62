import type { WriterState } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { FileSystem } from "./file-system.ts";
import type { ObjectPaths } from "./layout.ts";
import { openObjectFile } from "./open-object-file.ts";
import { copyStaged, dropEarlier, fenceOff, findStaged, stagedPath } from "./staged-files.ts";
import type { StagedFile } from "./staged-writer.ts";

/**
 * Opens the staged file that a checkpoint left, cut down to the bytes of that checkpoint.
 *
 * @param takeover see `WriteOpts`; undefined: the earlier writer has ended, and its file is gone on with
 * @throws StoreError NOT_FOUND when it is gone or shorter, or another writer has finished the object or has it
 */
export const resumeStaged = async (
	fileSystem: FileSystem,
	{ key, paths, state }: { readonly key: string; readonly paths: ObjectPaths; readonly state: WriterState },
	takeover: number | undefined,
): Promise<Pick<StagedFile, "key" | "paths" | "file" | "offset" | "takeover" | "isDurable">> => {
	const { offset, takeover: named } = parseState(state);
	const found = await findStaged(fileSystem, paths, named);
	const source = stagedPath(paths, found);
	const { file, size } = await openObjectFile(fileSystem, source, "update", key);
	try {
		if (size < offset) throw new StoreError("NOT_FOUND", `${key} has ${size} staged bytes of ${offset}`);
		if (takeover === undefined) {
			// The longer size may be the durable one, so the new one must be made durable before it counts.
			if (size > offset) await file.truncate(offset);
			// A power cut may have brought back what the take-over deleted; it must be gone when the object is finished.
			if (found > 0) await dropEarlier(fileSystem, paths, found);
			return { key, paths: { ...paths, staged: source }, file, offset, takeover: found, isDurable: size === offset };
		}
	} catch (error) {
		await file.close();
		throw error;
	}
	const own = { ...paths, staged: stagedPath(paths, takeover) };
	const copy = await copyStaged(fileSystem, file, offset, own.staged).finally(() => file.close());
	try {
		await fenceOff(fileSystem, paths, takeover);
	} catch (error) {
		await copy.close();
		throw error;
	}
	return { key, paths: own, file: copy, offset, takeover, isDurable: true };
};

/** @throws StoreError NOT_FOUND for a state that this driver did not give */
const parseState = (state: WriterState): { readonly offset: number; readonly takeover: number } => {
	const { offset, takeover = 0 } = state;
	if (isCount(offset) && isCount(takeover)) return { offset, takeover };
	throw new StoreError("NOT_FOUND", `no such writer state: ${JSON.stringify(state)}`);
};

const isCount = (value: unknown): value is number =>
	typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
