import { parseSegment, type Segment, segmentHash } from "#/registry/journal/segment.ts";
import type { Archive } from "./archive.ts";
import { segmentOfKey } from "./archive-keys.ts";
import { BackupError } from "./backup-error.ts";

/** A segment of an archive, as it was written. @throws BackupError CORRUPT, INCOMPLETE, SEALED; StoreError */
export const readArchivedSegment = async (archive: Archive, key: string, signal: AbortSignal): Promise<Segment> => {
	const bytes = Buffer.concat(await Array.fromAsync(archive.read(key, signal)));
	if (segmentHash(bytes) !== segmentOfKey(key)?.hash) {
		throw new BackupError("CORRUPT", `${key} in the archive was changed, or is cut short`);
	}
	return parseSegment(bytes);
};
