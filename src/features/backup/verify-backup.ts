import { createHash } from "node:crypto";
import { inParallel } from "#/lib/in-parallel.ts";
import { checkSnapshot, readSnapshot } from "#/registry/journal/snapshot.ts";
import type { Archive } from "./archive.ts";
import { archivedBlobs, besideArchived, blobsAmong, type Condemned } from "./archived-blobs.ts";
import { BackupError, backupError } from "./backup-error.ts";
import { drain, readArchivedBlob } from "./blob-bytes.ts";
import type { ArchivedSnapshot } from "./copy-store.ts";

/** Blobs that are read back at once. */
const AT_ONCE = 4;

/** Reads a snapshot of an archive to its end. @throws BackupError CORRUPT, INCOMPLETE, SEALED; StoreError */
export const checkArchivedSnapshot = async (
	archive: Archive,
	{ snapshot, sha256 }: Pick<ArchivedSnapshot, "snapshot" | "sha256">,
	signal: AbortSignal,
): Promise<void> => {
	const hash = createHash("sha256");
	for await (const piece of archive.read(snapshot, signal)) hash.update(piece);
	if (hash.digest("hex") !== sha256) throw new BackupError("CORRUPT", `${snapshot} in the archive was changed`);
	try {
		await checkSnapshot(archive.reader, snapshot, signal);
	} catch (cause) {
		throw backupError("CORRUPT", `${snapshot} in the archive is no snapshot`, cause);
	}
};

/**
 * Reads a store of a backup back: its snapshot, and that each of its blobs is there; of those that `isToBeRead` says, the
 * digest is compared.
 *
 * @returns blobs that were read
 * @throws BackupError CORRUPT, INCOMPLETE; StoreError
 */
export const verifyStoreOfBackup = async (
	archive: Archive,
	stored: ArchivedSnapshot,
	opts: { readonly condemned: Condemned; readonly isToBeRead: () => boolean },
	signal: AbortSignal,
): Promise<number> => {
	const { name, snapshot } = stored;
	await checkArchivedSnapshot(archive, stored, signal);
	const wanted = blobsAmong(readSnapshot(archive.reader, { key: snapshot, name }, signal));
	const present = archivedBlobs(archive, { store: name, condemned: opts.condemned.keys }, signal);
	let read = 0;
	await inParallel(besideArchived(wanted, present), AT_ONCE, async ({ blob: { digest }, archived }) => {
		if (archived === undefined) {
			throw new BackupError("INCOMPLETE", `the blob ${digest} of the store ${name} is missing in the archive`);
		}
		if (!opts.isToBeRead()) return;
		await drain(readArchivedBlob(archive, archived, signal));
		read += 1;
	});
	return read;
};
