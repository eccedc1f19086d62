import { createHash } from "node:crypto";
import { inParallel } from "#/lib/in-parallel.ts";
import { packSnapshot, readSnapshot } from "#/registry/journal/snapshot.ts";
import { snapshotsPrefix } from "./archive-keys.ts";
import { archivedBlobs, besideArchived, blobsAmong } from "./archived-blobs.ts";
import { type BackupDeps, copyBlob, missing, type NamedStore, nameOf, type Work } from "./backup-work.ts";
import type { BackupManifest } from "./documents.ts";

/** What a manifest says of one store. */
export type ManifestStore = BackupManifest["stores"][number];

/** A snapshot in the archive. */
export type ArchivedSnapshot = Pick<ManifestStore, "name" | "snapshot" | "sha256" | "segment" | "hash">;

/** Blobs on their way to the archive at once. */
const AT_ONCE = 4;

/** Writes all records of a store, as they are at one instant, into the archive. */
export const archiveSnapshot = async (
	{ metadata, archive, newId }: BackupDeps,
	{ name }: NamedStore,
	signal: AbortSignal,
): Promise<ArchivedSnapshot> => {
	const ended = new AbortController();
	const within = AbortSignal.any([signal, ended.signal]);
	try {
		const { segment, hash, pieces } = await packSnapshot(metadata.snapshots, name, within);
		const snapshot = `${snapshotsPrefix(name)}${String(segment).padStart(12, "0")}-${newId()}`;
		const digest = createHash("sha256");
		const hashed = async function* () {
			for await (const piece of pieces) {
				digest.update(piece);
				yield piece;
			}
		};
		await archive.write(snapshot, hashed(), within);
		return { name, snapshot, sha256: digest.digest("hex"), segment, hash };
	} finally {
		// The database's view of that instant is not held any longer.
		ended.abort();
	}
};

/**
 * Copies the blobs that a snapshot names and the archive does not have. Under a pin, for all of them must be there.
 *
 * @throws BackupError INCOMPLETE, CORRUPT; StoreError
 */
export const copyStore = async (
	deps: BackupDeps,
	work: Work,
	{ store, ...snapshot }: NamedStore & ArchivedSnapshot,
	signal: AbortSignal,
): Promise<ManifestStore> => {
	const { archive } = deps;
	const { name } = snapshot;
	const named = { blobs: 0, bytes: 0 };
	const wanted = blobsAmong(readSnapshot(archive.reader, { key: snapshot.snapshot, name }, signal));
	const present = archivedBlobs(archive, { store: name, condemned: work.condemned.keys }, signal);
	await inParallel(besideArchived(wanted, present), AT_ONCE, async ({ blob, archived }) => {
		named.blobs += 1;
		named.bytes += blob.size;
		if (archived !== undefined || work.shipped.has(nameOf(name, blob))) return;
		if (!(await copyBlob(deps, work, { name, store, blob }, signal))) throw missing(name, blob);
	});
	return { ...snapshot, ...named };
};
