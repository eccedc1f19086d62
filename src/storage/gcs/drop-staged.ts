import { stagedName } from "#/storage/staged-names.ts";
import type { Bucket } from "./bucket.ts";
import { deleteObject, listObjects } from "./objects.ts";

/** Requests under way at once. */
const MAX_BESIDE = 8;

/** Removes all parts that are staged for a key, known to us or not. */
export const dropStaged = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<void> => {
	const names: string[] = [];
	for await (const part of listObjects(bucket, stagedName(key, ""), signal)) names.push(part.key);
	const next = names.values();
	const work = async (): Promise<void> => {
		for (const name of next) await deleteObject(bucket, name, signal);
	};
	await Promise.all(Array.from({ length: Math.min(MAX_BESIDE, names.length) }, work));
};
