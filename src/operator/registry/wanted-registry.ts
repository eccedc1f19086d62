import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { RegistryRecovery } from "#/api/kinds/registry-backup.ts";

/** One entry of a Secret. */
export interface SecretEntry {
	readonly secret: string;
	readonly key: string;
}

/** The entries of Secrets, decoded, by the Secrets' names. */
export type SecretContents = ReadonlyMap<string, { readonly [key: string]: Uint8Array }>;

/** What a registry is to begin with: an archive, and which backup or instant of it; neither: the last that it has. */
export interface WantedRecovery extends Omit<RegistryRecovery, "backupRef" | "archive"> {
	readonly archive: NonNullable<RegistryRecovery["archive"]>;
}

/** A registry as it is to run. */
export interface WantedRegistry {
	readonly uid: string;
	readonly namespace: string;
	readonly name: string;
	readonly spec: RegistrySpec;
	/** Absent when it is to begin with nothing, or has begun. */
	readonly recovery?: WantedRecovery | undefined;
	/** Storage classes that projects or what they pushed are in, as far as was seen; absent: none. */
	readonly usedClasses?: ReadonlySet<string>;
	/** What the Secrets hold that the spec refers to: all that it needs are there. */
	readonly secrets: SecretContents;
	/** The resource versions of these Secrets, by their names: what tells of a change without telling the content. */
	readonly secretVersions: ReadonlyMap<string, string>;
}
