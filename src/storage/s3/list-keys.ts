import type { ObjectStat } from "#/storage/blob-store.ts";
import type { ListedObject } from "#/storage/merge-listings.ts";
import { isObjectKey } from "#/storage/object-key.ts";
import { parseStagedName } from "#/storage/staged-names.ts";
import type { Bucket } from "./bucket.ts";
import { listObjects } from "./list-objects.ts";
import { listUploads } from "./uploads.ts";

/** What stands under one key. */
interface Listed {
	readonly key: string;
	finished?: ObjectStat;
	staged?: ObjectStat;
}

/**
 * Finished and unfinished objects in byte order of their keys, each of both once. The size of an unfinished one is that
 * of its tails: its parts are not counted. What others keep in the bucket, under names that are no keys, is left out.
 */
export async function* listKeys(
	bucket: Bucket,
	prefix: string,
	signal: AbortSignal,
): AsyncGenerator<ListedObject, void, undefined> {
	// Read first, so that an upload that is completed meanwhile shows at least once.
	const uploads = await collectUploads(bucket, prefix, signal);
	let next = 0;
	for await (const listed of listGroups(bucket, prefix, signal)) {
		for (let upload = uploads[next]; upload !== undefined && upload.key <= listed.key; upload = uploads[++next]) {
			if (upload.key < listed.key) yield { ...upload, staged: true };
			else listed.staged ??= upload;
		}
		if (listed.finished) yield { ...listed.finished, staged: false };
		if (listed.staged) yield { ...listed.staged, staged: true };
	}
	for (const upload of uploads.slice(next)) yield { ...upload, staged: true };
}

/**
 * The keys with unfinished uploads, each once, sorted: services order uploads in ways of their own. There are as many
 * as there are pushes under way, so they are held in memory.
 */
const collectUploads = async (bucket: Bucket, prefix: string, signal: AbortSignal): Promise<ObjectStat[]> => {
	const uploads = new Map<string, ObjectStat>();
	for await (const { key, begunAt } of listUploads(bucket, prefix, signal)) {
		if (!isObjectKey(key)) continue;
		uploads.set(key, { key, size: 0, ...(begunAt !== undefined && { modifiedAt: begunAt }) });
	}
	return [...uploads.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
};

/** The objects of the bucket, those that stand for one key together. */
async function* listGroups(
	bucket: Bucket,
	prefix: string,
	signal: AbortSignal,
): AsyncGenerator<Listed, void, undefined> {
	let group: Listed | undefined;
	for await (const object of listObjects(bucket, prefix, signal)) {
		const { key, staged } = parseStagedName(object.key);
		if (!isObjectKey(key)) continue;
		if (group !== undefined && group.key !== key) yield group;
		if (group?.key !== key) group = { key };
		if (staged) group.staged = { ...object, key, size: object.size + (group.staged?.size ?? 0) };
		else group.finished = object;
	}
	if (group !== undefined) yield group;
}
