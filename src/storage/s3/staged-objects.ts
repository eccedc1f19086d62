import type { Bucket } from "./bucket.ts";
import { listObjects } from "./list-objects.ts";
import { deleteObject } from "./objects.ts";
import { abortUpload, listUploads } from "./uploads.ts";

/**
 * Between a key and the id of a tail. No key has this character, and it sorts before all that keys have: so the tails
 * of a key stand right behind it in a listing, in front of every other key.
 */
const SEPARATOR = "!";

/**
 * The name of a tail: the bytes of an unfinished object that are too few for a part yet. The id is new for each, so
 * that a process which lost the upload cannot write over the tail of the one that has it.
 */
export const tailKey = (key: string, id: string): string => `${key}${SEPARATOR}${id}`;

/** What a name stands for: the object itself, or something staged for it. */
export const parseName = (name: string): { readonly key: string; readonly staged: boolean } => {
	const end = name.indexOf(SEPARATOR);
	return end < 0 ? { key: name, staged: false } : { key: name.slice(0, end), staged: true };
};

/**
 * Drops whatever is staged for a key, known to us or not: tails, and uploads of exactly this key.
 *
 * @param uploadId an upload that is known, dropped even where the service does not list it
 */
export const dropStaged = async (
	bucket: Bucket,
	key: string,
	uploadId: string | undefined,
	signal: AbortSignal,
): Promise<void> => {
	await Promise.all([dropUploads(bucket, key, uploadId, signal), dropTails(bucket, key, signal)]);
};

const dropUploads = async (
	bucket: Bucket,
	key: string,
	uploadId: string | undefined,
	signal: AbortSignal,
): Promise<void> => {
	if (uploadId !== undefined) await abortUpload(bucket, { key, uploadId }, signal);
	for await (const upload of listUploads(bucket, key, signal)) {
		if (upload.key === key && upload.uploadId !== uploadId) await abortUpload(bucket, upload, signal);
	}
};

const dropTails = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<void> => {
	for await (const { key: tail } of listObjects(bucket, tailKey(key, ""), signal)) {
		await deleteObject(bucket, tail, signal);
	}
};
