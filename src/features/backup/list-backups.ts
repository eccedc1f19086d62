import type { Archive } from "./archive.ts";
import { BACKUPS_PREFIX, backupOfKey } from "./archive-keys.ts";
import { BackupError } from "./backup-error.ts";
import { type BackupManifest, backupManifest, readDocument } from "./documents.ts";

/**
 * The whole backups of an archive, the oldest first.
 *
 * @param broken told of those that cannot be understood any more, which are left out then; absent: none may be
 * @throws BackupError CORRUPT, SEALED; StoreError
 */
export const listBackups = async (
	archive: Archive,
	signal: AbortSignal,
	broken?: (error: BackupError) => void,
): Promise<readonly BackupManifest[]> => {
	const found: BackupManifest[] = [];
	for (const key of await archive.keys(BACKUPS_PREFIX, signal)) {
		if (backupOfKey(key) === undefined) continue;
		try {
			found.push(await readDocument(archive, { key, schema: backupManifest }, signal));
		} catch (error) {
			if (broken === undefined || !(error instanceof BackupError) || error.code !== "CORRUPT") throw error;
			broken(error);
		}
	}
	return found.toSorted((a, b) => a.at - b.at);
};
