import { parseBackup } from "#/api/kinds/backup.ts";
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import type { RegistryBackup, RegistryRecovery } from "#/api/kinds/registry-backup.ts";
import { placesIn, sharedPlace } from "#/api/kinds/registry-places.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { archiveDigest } from "./archive-digest.ts";
import type { WantedRecovery } from "./wanted-registry.ts";

/** What a Registry begins with, as far as can be told. */
export type Recovery =
	/** With nothing, or it has begun. */
	| { readonly is: "Over" }
	/** `from` says of what, for people. */
	| { readonly is: "Wanted"; readonly wanted: WantedRecovery; readonly from: string }
	/** What it refers to is not there yet. */
	| { readonly is: "Waiting"; readonly message: string }
	/** Not before something is changed. */
	| { readonly is: "Wrong"; readonly message: string };

/** What {@link findRecovery} looks into. */
export interface RecoverySources {
	readonly registries: ObjectStore;
	readonly backups: ObjectStore;
}

/** The name of the volume claim, or in standalone mode of the directory, that the archive of a Registry has. */
export const archiveClaimOf = (registry: string): string => `${registry}-backup`;

/** Finds out what a Registry is to begin with. */
export const findRecovery = (sources: RecoverySources, registry: Registry): Recovery => {
	const { spec, status } = registry;
	const recovery = spec.bootstrap?.recovery;
	if (recovery === undefined || status.restoredTime !== undefined) return { is: "Over" };
	const found = recovery.archive === undefined ? byBackup(sources, registry, recovery) : byArchive(recovery);
	if (found.is !== "Wanted") return found;
	const shared = sharedWith(registry, found.wanted);
	return shared === undefined ? found : wrong(shared);
};

const FIELD = "spec.bootstrap.recovery";

const waiting = (message: string): Recovery => ({ is: "Waiting", message: `${FIELD}.backupRef: ${message}` });
const wrong = (message: string): Recovery => ({ is: "Wrong", message: `${FIELD}: ${message}` });

const byArchive = ({ archive, encryptionKeySecretRef, backup, to }: RegistryRecovery): Recovery => {
	if (archive === undefined) return wrong("expected exactly one of backupRef, archive");
	const wanted = {
		archive,
		...(encryptionKeySecretRef === undefined ? {} : { encryptionKeySecretRef }),
		...(backup === undefined ? {} : { backup }),
		...(to === undefined ? {} : { to }),
	};
	const what = backup === undefined ? "what its archive has" : `the backup ${backup}`;
	return { is: "Wanted", wanted, from: asOf(what, to) };
};

const byBackup = (
	{ registries, backups }: RecoverySources,
	{ metadata: { namespace, name: own } }: Registry,
	{ backupRef, to }: RegistryRecovery,
): Recovery => {
	const name = backupRef?.name ?? "";
	const object = backups.get(`${namespace}/${name}`);
	if (object === undefined) return waiting(`there is no Backup ${name} in this namespace`);
	const parsed = parseBackup(object);
	const backup = "invalid" in parsed ? undefined : parsed.resource;
	if (backup?.status.backupId === undefined) return waiting(`the Backup ${name} has not succeeded`);
	const { name: source } = backup.spec.registryRef;
	const elsewhere = `name the archive by ${FIELD}.archive`;
	if (source === own) {
		return wrong(`the Backup ${name} is of a Registry of this very name, whose archive is another's: ${elsewhere}`);
	}
	const place = backupOf(registries, `${namespace}/${source}`);
	if (place === undefined) {
		return waiting(`the Registry ${source} of the Backup ${name} does not say where its archive is: ${elsewhere}`);
	}
	const { archive, encryptionKeySecretRef } = place;
	const { archiveDigest: digest } = backup.status;
	if (digest !== undefined && digest !== archiveDigest(archive)) {
		return waiting(`the archive of the Backup ${name} is no longer that of the Registry ${source}: ${elsewhere}`);
	}
	const { filesystem, ...stores } = archive;
	const wanted = {
		archive: filesystem === undefined ? stores : { filesystem: { claimName: archiveClaimOf(source) } },
		...(encryptionKeySecretRef === undefined ? {} : { encryptionKeySecretRef }),
		...(to === undefined ? { backup: backup.status.backupId } : {}),
		...(to === undefined ? {} : { to }),
	};
	return { is: "Wanted", wanted, from: asOf(`the Backup ${name} of the Registry ${source}`, to) };
};

const asOf = (what: string, to: string | undefined): string => (to === undefined ? what : `${what}, as of ${to}`);

const backupOf = (registries: ObjectStore, key: string): RegistryBackup | undefined => {
	const object = registries.get(key);
	const parsed = object === undefined ? undefined : parseRegistry(object);
	return parsed === undefined || "invalid" in parsed ? undefined : parsed.resource.spec.backup;
};

/** An archive belongs to one registry, and neither blobs nor other backups are kept in it. */
const sharedWith = ({ metadata: { name }, spec }: Registry, recovery: WantedRecovery): string | undefined => {
	const claim = recovery.archive.filesystem?.claimName;
	if (claim === archiveClaimOf(name) && spec.backup?.archive.filesystem !== undefined) {
		return `${claim} is where backups of this Registry itself are to go: another's archive cannot be`;
	}
	const shared = sharedPlace(placesIn({ ...spec, bootstrap: { recovery } }));
	return shared === undefined ? undefined : `expected places of their own: ${shared}`;
};
