import type { Archive } from "./archive.ts";
import { MARKS_PREFIX } from "./archive-keys.ts";
import { BackupError } from "./backup-error.ts";
import { type JournalMark, journalMark, readDocument } from "./documents.ts";

/** How far the journal was shipped; absent: it never was. @throws BackupError CORRUPT, INCOMPLETE, SEALED; StoreError */
export const lastMark = async (archive: Archive, signal: AbortSignal): Promise<JournalMark | undefined> => {
	for (let missed: string | undefined; ; ) {
		const key = (await archive.keys(MARKS_PREFIX, signal)).at(-1);
		if (key === undefined) return undefined;
		try {
			return await readDocument(archive, { key, schema: journalMark }, signal);
		} catch (error) {
			// Whoever ships replaces it all the time, also between the list and now: then there is a later one.
			if (!(error instanceof BackupError) || error.code !== "INCOMPLETE" || key === missed) throw error;
			missed = key;
		}
	}
};
