import type { Digest } from "#/oci/digest.ts";
import { readSnapshot } from "#/registry/journal/snapshot.ts";
import type { Archive } from "./archive.ts";
import {
	BACKUPS_PREFIX,
	blobsPrefix,
	CONDEMNED_PREFIX,
	digestOfKey,
	segmentOfKey,
	segmentsPrefix,
	snapshotsPrefix,
	writtenAt,
} from "./archive-keys.ts";
import { archivedBlobs, blobsAmong, type Condemned } from "./archived-blobs.ts";
import { type BackupManifest, writeDocument } from "./documents.ts";
import { listBackups } from "./list-backups.ts";

/** What {@link retain} works with. */
export interface RetainDeps {
	readonly archive: Archive;
	readonly newId: () => string;
	/** Names of the registry's stores. */
	readonly stores: readonly string[];
}

/** What went. */
export interface Retained {
	readonly backups: number;
	readonly segments: number;
	/** Blobs that no backup needs: they go with the next backup. */
	readonly condemned: number;
	/** Blobs that the backup before had found so. */
	readonly blobs: number;
}

/**
 * Deletes what no instant from `from` on needs: backups but the last one before it and all later ones, the journal before
 * the first of them, and the blobs that none of them names and that were here before the first of them was begun: those of
 * the journal came later. A blob is only condemned, and
 * deleted by the call after: whoever is late with deleting never takes what somebody has begun to count on again.
 */
export const retain = async (
	deps: RetainDeps,
	{ from, condemned }: { readonly from: number; readonly condemned: Condemned },
	signal: AbortSignal,
): Promise<Retained> => {
	const { archive, newId, stores } = deps;
	for (const key of condemned.keys) await archive.delete(key, signal);
	for (const list of condemned.lists) await archive.delete(list, signal);
	const listed = await listBackups(archive, signal);
	const backups = await withSnapshots(archive, { listed, stores }, signal);
	const kept = backups.slice(
		Math.max(
			0,
			backups.findLastIndex(({ at }) => at <= from),
		),
	);
	const gone = listed.filter((backup) => !kept.includes(backup));
	// First what promises that the rest is there.
	for (const { id } of gone) await archive.delete(`${BACKUPS_PREFIX}${id}`, signal);
	let segments = 0;
	const keys: string[] = [];
	for (const store of stores) {
		const done = await retainStore(archive, { store, kept }, signal);
		segments += done.segments;
		keys.push(...done.unneeded.filter((key) => !condemned.keys.has(key)));
	}
	if (keys.length > 0) {
		await writeDocument(archive, `${CONDEMNED_PREFIX}${newId()}`, { format: "limani-condemned/1", keys }, signal);
	}
	return { backups: gone.length, segments, condemned: keys.length, blobs: condemned.keys.size };
};

/** Those whose snapshots are there: of one that was named by a process that had stood still for too long they went. */
const withSnapshots = async (
	archive: Archive,
	{ listed, stores }: { readonly listed: readonly BackupManifest[]; readonly stores: readonly string[] },
	signal: AbortSignal,
): Promise<readonly BackupManifest[]> => {
	const present = new Set<string>();
	for (const store of stores) for (const key of await archive.keys(snapshotsPrefix(store), signal)) present.add(key);
	return listed.filter((backup) =>
		backup.stores.every(({ name, snapshot }) => !stores.includes(name) || present.has(snapshot)),
	);
};

const retainStore = async (
	archive: Archive,
	{ store, kept }: { readonly store: string; readonly kept: readonly BackupManifest[] },
	signal: AbortSignal,
): Promise<{ readonly segments: number; readonly unneeded: readonly string[] }> => {
	const of = kept.flatMap(({ stores }) => stores.filter(({ name }) => name === store));
	const snapshots = new Set(of.map(({ snapshot }) => snapshot));
	for (const key of await archive.keys(snapshotsPrefix(store), signal)) {
		if (!snapshots.has(key)) await archive.delete(key, signal);
	}
	const first = of.length === 0 ? undefined : Math.min(...of.map(({ segment }) => segment));
	let segments = 0;
	for (const key of await archive.keys(segmentsPrefix(store), signal)) {
		if (first === undefined || (segmentOfKey(key)?.number ?? 0) > first) continue;
		await archive.delete(key, signal);
		segments += 1;
	}
	const begun = Math.min(...kept.map(({ startedAt }) => startedAt));
	const inSnapshot = await namedIn(archive, { store, snapshots }, signal);
	const unneeded: string[] = [];
	for await (const { digest, key } of archivedBlobs(archive, { store, condemned: NONE }, signal)) {
		const isNamed = await inSnapshot(digest);
		if (!isNamed && writtenAt(key) < begun) unneeded.push(key);
	}
	for await (const { key, staged } of archive.list(blobsPrefix(store), signal)) {
		// Somebody died while it was written: one process at a time works here.
		if (staged && digestOfKey(key) !== undefined) await archive.delete(key, signal);
	}
	return { segments, unneeded };
};

const NONE: ReadonlySet<string> = new Set();

/** Whether a snapshot names a digest, asked in byte order of the digests: each snapshot is read once. */
const namedIn = async (
	archive: Archive,
	{ store, snapshots }: { readonly store: string; readonly snapshots: ReadonlySet<string> },
	signal: AbortSignal,
): Promise<(digest: Digest) => Promise<boolean>> => {
	const heads = await Promise.all(
		[...snapshots].map(async (key) => {
			const rest = blobsAmong(readSnapshot(archive.reader, { key, name: store }, signal));
			return { rest, head: await rest.next() };
		}),
	);
	return async (digest) => {
		let isNamed = false;
		for (const each of heads) {
			while (each.head.done !== true && each.head.value.digest < digest) each.head = await each.rest.next();
			isNamed ||= each.head.done !== true && each.head.value.digest === digest;
		}
		return isNamed;
	};
};
