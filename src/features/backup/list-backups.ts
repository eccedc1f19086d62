import type { Archive } from "./archive.ts";
import { BACKUPS_PREFIX, backupOfKey } from "./archive-keys.ts";
import { type BackupManifest, backupManifest, readDocument } from "./documents.ts";

/** The whole backups of an archive, the oldest first. @throws BackupError CORRUPT, SEALED; StoreError */
export const listBackups = async (archive: Archive, signal: AbortSignal): Promise<readonly BackupManifest[]> => {
	const found: BackupManifest[] = [];
	for (const key of await archive.keys(BACKUPS_PREFIX, signal)) {
		if (backupOfKey(key) !== undefined)
			found.push(await readDocument(archive, { key, schema: backupManifest }, signal));
	}
	return found.toSorted((a, b) => a.at - b.at);
};
