import { StoreError } from "#/storage/store-error.ts";
import type { FileSystem, OpenFile } from "./file-system.ts";

/** Opens the file of an object, finished or not. @throws StoreError NOT_FOUND when something else has its name */
export const openObjectFile = async (
	fileSystem: FileSystem,
	path: string,
	mode: "read" | "update",
	key: string,
): Promise<{ readonly file: OpenFile; readonly size: number }> => {
	const file = await fileSystem.open(path, mode);
	try {
		const stat = await file.stat();
		if (stat.kind !== "file") throw new StoreError("NOT_FOUND", `${key} is no object`);
		return { file, size: stat.size };
	} catch (error) {
		await file.close();
		throw error;
	}
};
