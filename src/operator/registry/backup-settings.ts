import { durationMs } from "#/api/fields/durations.ts";
import { instantMs } from "#/api/fields/instants.ts";
import type { RegistryBackup } from "#/api/kinds/registry-backup.ts";
import type { SecretUses } from "./secret-uses.ts";
import { storeSettings } from "./store-settings.ts";
import type { WantedRecovery } from "./wanted-registry.ts";

/** Where archives are that are directories. */
export interface ArchivePlaces {
	/** The registry's own. */
	readonly archive: string;
	/** That of a volume claim, by its name. */
	readonly archiveOf: (claimName: string) => string;
}

/** What a configuration document says of backups. */
export const backupSettings = (
	{ archive, encryptionKeySecretRef: key, recoveryWindow, journalInterval, verifyPercent }: RegistryBackup,
	places: ArchivePlaces,
	uses: SecretUses,
) => ({
	archive: storeSettings(archive, "LIMANI_BACKUP_ARCHIVE", uses) ?? { filesystem: { root: places.archive } },
	...(key === undefined ? {} : { keyFile: uses.file(key) }),
	window: `${durationMs(recoveryWindow) / 1_000}s`,
	journalInterval: `${durationMs(journalInterval) / 1_000}s`,
	verifyPercent,
});

/** What a configuration document says of what a registry begins with. */
export const recoverySettings = (
	{ archive, encryptionKeySecretRef: key, backup, to }: WantedRecovery,
	{ archiveOf }: ArchivePlaces,
	uses: SecretUses,
) => ({
	archive: storeSettings(archive, "LIMANI_RECOVERY_ARCHIVE", uses) ?? {
		filesystem: { root: archiveOf(archive.filesystem?.claimName ?? "") },
	},
	...(key === undefined ? {} : { keyFile: uses.file(key) }),
	...(backup === undefined ? {} : { backup }),
	...(to === undefined ? {} : { to: new Date(instantMs(to)).toISOString() }),
});
