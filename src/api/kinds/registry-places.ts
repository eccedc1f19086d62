import type { RegistryBackup, RegistryRecovery } from "./registry-backup.ts";
import type { RegistryMigration, RegistryStorage, RegistryStorageClass } from "./registry-storage.ts";

/** A place where bytes are kept, for blobs or for backups. */
export type StoredAt =
	| Pick<RegistryStorage, "s3" | "gcs" | "azure">
	| Pick<RegistryBackup["archive"], "s3" | "gcs" | "azure">;

interface Placed {
	readonly storage: RegistryStorage;
	readonly storageClasses: readonly RegistryStorageClass[];
	readonly migration?: RegistryMigration;
	readonly backup?: RegistryBackup;
	readonly bootstrap?: { readonly recovery: RegistryRecovery };
}

/** All places that a Registry names, by the fields that do. */
export const placesIn = ({
	storage,
	storageClasses,
	migration,
	backup,
	bootstrap,
}: Placed): ReadonlyMap<string, StoredAt> => {
	const places = new Map<string, StoredAt>([["storage", storage]]);
	for (const one of storageClasses) places.set(`storageClasses[${one.name}]`, one);
	if (migration?.storage !== undefined) places.set("migration.storage", migration.storage);
	const recovered = bootstrap?.recovery.archive;
	if (backup !== undefined) places.set("backup.archive", backup.archive);
	if (recovered !== undefined) places.set("bootstrap.recovery.archive", recovered);
	return places;
};

/**
 * Why two of these would keep bytes under the same keys: one place, or one within the other. Absent: none would.
 *
 * @param places by what messages call them
 */
export const sharedPlace = (places: ReadonlyMap<string, StoredAt>): string | undefined => {
	const known = [...places].flatMap(([name, storage]) => {
		const place = placeOf(storage);
		return place === undefined ? [] : [{ name, ...place }];
	});
	for (const [i, one] of known.entries()) {
		const other = known.slice(i + 1).find((later) => overlaps(one, later));
		if (other !== undefined) {
			return `${one.name} and ${other.name} name the same bucket, and the prefix of one begins that of the other`;
		}
	}
	return undefined;
};

/** Where keys of an object store are. */
interface Place {
	readonly bucket: string;
	readonly prefix: string;
}

/** Where keys are told apart; absent for files, which have a directory of their own. */
export const placeOf = ({ s3, gcs, azure }: StoredAt): Place | undefined => {
	if (s3 !== undefined) return { bucket: `s3 ${s3.endpoint ?? ""} ${s3.bucket}`, prefix: s3.prefix };
	if (gcs !== undefined) return { bucket: `gcs ${gcs.apiEndpoint ?? ""} ${gcs.bucket}`, prefix: gcs.prefix };
	if (azure === undefined) return undefined;
	const account = azure.connectionStringSecretRef;
	const where =
		account === undefined ? `${azure.endpoint ?? ""} ${azure.accountName}` : `${account.name} ${account.key}`;
	return { bucket: `azure ${where} ${azure.container}`, prefix: azure.prefix };
};

const overlaps = (one: Place, other: Place): boolean =>
	one.bucket === other.bucket && (one.prefix.startsWith(other.prefix) || other.prefix.startsWith(one.prefix));
