import { stagedName } from "#/storage/staged-names.ts";
import type { Bucket } from "./bucket.ts";
import { listObjects } from "./list-objects.ts";
import { deleteObject } from "./objects.ts";
import { abortUpload, listUploads } from "./uploads.ts";

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
	for await (const { key: tail } of listObjects(bucket, stagedName(key, ""), signal)) {
		await deleteObject(bucket, tail, signal);
	}
};
