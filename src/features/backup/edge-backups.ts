import type { Archive } from "./archive.ts";
import { BACKUPS_PREFIX, backupOfKey } from "./archive-keys.ts";
import { BackupError } from "./backup-error.ts";
import { type BackupManifest, backupManifest, readDocument } from "./documents.ts";

/** The first and the last whole backup of an archive; no other is read. @throws BackupError CORRUPT, SEALED; StoreError */
export const edgeBackups = async (
	archive: Archive,
	signal: AbortSignal,
): Promise<{ readonly first: BackupManifest | undefined; readonly last: BackupManifest | undefined }> => {
	const keys = (await archive.keys(BACKUPS_PREFIX, signal)).filter((key) => backupOfKey(key) !== undefined);
	return { first: await readFirst(archive, keys, signal), last: await readFirst(archive, keys.toReversed(), signal) };
};

/** The first that is there: those that went since they were listed are passed over. */
const readFirst = async (
	archive: Archive,
	keys: readonly string[],
	signal: AbortSignal,
): Promise<BackupManifest | undefined> => {
	for (const key of keys) {
		try {
			return await readDocument(archive, { key, schema: backupManifest }, signal);
		} catch (error) {
			if (!(error instanceof BackupError) || error.code !== "INCOMPLETE") throw error;
		}
	}
	return undefined;
};
