import { hash } from "node:crypto";
import type { RegistryBackup } from "#/api/kinds/registry-backup.ts";
import { placeOf } from "#/api/kinds/registry-places.ts";

/** How many hex digits tell one place from another. */
const DIGITS = 16;

/**
 * A digest of where an archive is, whatever opens it; one of files has a volume named after its Registry. It stands in
 * the status of Backups: what it is made of stays as it is.
 */
export const archiveDigest = (archive: RegistryBackup["archive"]): string => {
	const place = placeOf(archive);
	const parts = place === undefined ? ["filesystem"] : [place.bucket, place.prefix];
	return hash("sha256", JSON.stringify(parts), "hex").slice(0, DIGITS);
};
