import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { StoredAt } from "#/api/kinds/registry-places.ts";
import { passwordIn } from "./users.ts";
import type { SecretContents, SecretEntry, WantedRegistry } from "./wanted-registry.ts";

/** An entry of a Secret that a spec refers to. */
export interface SecretReference extends SecretEntry {
	/** The field that refers to it, for messages. */
	readonly field: string;
	/** Whether the registry can be without it. */
	readonly optional: boolean;
	/** Whether it is a password, of which the first line counts. */
	readonly isPassword?: boolean;
	/** How many bytes it has to have; absent: any but none. */
	readonly size?: number;
	/** Whether it is the URL of a database. */
	readonly isDatabaseUrl?: boolean;
}

/** What refers to Secrets: a spec, and what it begins with, if that is to be had yet. */
export type Referring = Pick<WantedRegistry, "spec" | "recovery">;

/** Every entry of a Secret that a registry needs. */
export const secretReferences = ({ spec, recovery }: Referring): readonly SecretReference[] => [
	...referencesOf(spec),
	...archiveReferences("backup", spec.backup),
	...archiveReferences("bootstrap.recovery", recovery),
];

const referencesOf = ({
	storage,
	storageClasses,
	migration,
	database,
	exposure,
	auth,
}: RegistrySpec): readonly SecretReference[] => {
	const found: SecretReference[] = [];
	const add = (field: string, secret: string | undefined, key: string, optional = false): void => {
		if (secret !== undefined) found.push({ field, secret, key, optional });
	};
	const entry = (field: string, ref: { readonly name: string; readonly key: string } | undefined): void => {
		if (ref !== undefined) add(field, ref.name, ref.key);
	};
	found.push(...storageReferences("storage", storage));
	for (const one of storageClasses) found.push(...storageReferences(`storageClasses[${one.name}]`, one));
	if (migration?.storage !== undefined) found.push(...storageReferences("migration.storage", migration.storage));
	const url = (field: string, ref: { readonly name: string; readonly key: string } | undefined): void => {
		if (ref !== undefined) found.push({ field, secret: ref.name, key: ref.key, optional: false, isDatabaseUrl: true });
	};
	const target = migration?.database?.postgres;
	url("migration.database.postgres.urlSecretRef", target?.urlSecretRef);
	entry("migration.database.postgres.caSecretRef", target?.caSecretRef);
	const own = database.cloudNativePG === undefined ? undefined : "database.cloudNativePG";
	url(own ?? "database.postgres.urlSecretRef", database.postgres?.urlSecretRef);
	entry(own ?? "database.postgres.caSecretRef", database.postgres?.caSecretRef);
	for (const key of ["tls.crt", "tls.key"]) add("exposure.tls.secretName", exposure.tls?.secretName, key);
	for (const { url, caSecretRef } of auth.issuers) entry(`auth.issuers[${url}].caSecretRef`, caSecretRef);
	for (const { name, passwordSecretRef } of auth.users) {
		const field = `auth.users[${name}].passwordSecretRef`;
		found.push({
			field,
			secret: passwordSecretRef.name,
			key: passwordSecretRef.key,
			optional: false,
			isPassword: true,
		});
	}
	return found;
};

/** Bytes of the key of an archive. */
const KEY_SIZE = 32;

const archiveReferences = (
	at: string,
	named:
		| { readonly archive: StoredAt; readonly encryptionKeySecretRef?: { readonly name: string; readonly key: string } }
		| undefined,
): readonly SecretReference[] => {
	if (named === undefined) return [];
	const { archive, encryptionKeySecretRef: ref } = named;
	const field = `${at}.encryptionKeySecretRef`;
	return [
		...storageReferences(`${at}.archive`, archive),
		...(ref === undefined ? [] : [{ field, secret: ref.name, key: ref.key, optional: false, size: KEY_SIZE }]),
	];
};

const storageReferences = (at: string, { s3, gcs, azure }: StoredAt): readonly SecretReference[] => {
	const entry = (
		field: string,
		ref: { readonly name: string; readonly key: string } | undefined,
	): readonly SecretReference[] =>
		ref === undefined ? [] : [{ field: `${at}.${field}`, secret: ref.name, key: ref.key, optional: false }];
	const keys = s3?.credentialsSecretRef;
	const field = `${at}.s3.credentialsSecretRef`;
	return [
		...(keys === undefined
			? []
			: [
					{ field, secret: keys.name, key: "accessKeyId", optional: false },
					{ field, secret: keys.name, key: "secretAccessKey", optional: false },
					{ field, secret: keys.name, key: "sessionToken", optional: true },
				]),
		...entry("s3.caSecretRef", s3?.caSecretRef),
		...entry("gcs.credentialsSecretRef", gcs?.credentialsSecretRef),
		...entry("azure.accountKeySecretRef", azure?.accountKeySecretRef),
		...entry("azure.connectionStringSecretRef", azure?.connectionStringSecretRef),
	];
};

/** What is missing of what a registry needs, one sentence each; none: all is there. */
export const missingSecrets = (registry: Referring, contents: SecretContents): readonly string[] => [
	// Several entries of one Secret are missed together.
	...new Set(secretReferences(registry).flatMap((reference) => missingOf(reference, contents))),
];

const missingOf = (
	{ field, secret, key, optional, isPassword = false, size, isDatabaseUrl = false }: SecretReference,
	contents: SecretContents,
): readonly string[] => {
	const entries = contents.get(secret);
	if (entries === undefined) return [`spec.${field}: there is no Secret ${secret} in this namespace`];
	const entry = entries[key];
	if (isPassword && entry !== undefined && entry.byteLength > 0) {
		if (passwordIn(entry) !== "") return [];
		return [`spec.${field}: the first line of entry ${key} of the Secret ${secret}, which is the password, is empty`];
	}
	const has = entry?.byteLength ?? 0;
	if (size !== undefined && has > 0 && has !== size) {
		return [`spec.${field}: entry ${key} of the Secret ${secret} has ${has} bytes, expected ${size} random ones`];
	}
	if (isDatabaseUrl && has > 0 && !namesDatabase(Buffer.from(entry ?? []).toString("utf8"))) {
		return [
			`spec.${field}: entry ${key} of the Secret ${secret}: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
		];
	}
	if (optional || has > 0) return [];
	return [`spec.${field}: the Secret ${secret} has no entry ${key}, or an empty one`];
};

const namesDatabase = (url: string): boolean =>
	URL.canParse(url) && ["postgres:", "postgresql:"].includes(new URL(url).protocol);
