import type { RegistrySpec } from "#/api/kinds/registry.ts";
import { passwordIn } from "./users.ts";
import type { SecretContents, SecretEntry } from "./wanted-registry.ts";

/** An entry of a Secret that a spec refers to. */
export interface SecretReference extends SecretEntry {
	/** The field that refers to it, for messages. */
	readonly field: string;
	/** Whether the registry can be without it. */
	readonly optional: boolean;
	/** Whether it is a password, of which the first line counts. */
	readonly isPassword?: boolean;
}

/** Every entry of a Secret that a spec refers to. */
export const secretReferences = ({ storage, database, exposure, auth }: RegistrySpec): readonly SecretReference[] => {
	const found: SecretReference[] = [];
	const add = (field: string, secret: string | undefined, key: string, optional = false): void => {
		if (secret !== undefined) found.push({ field, secret, key, optional });
	};
	const entry = (field: string, ref: { readonly name: string; readonly key: string } | undefined): void => {
		if (ref !== undefined) add(field, ref.name, ref.key);
	};
	const keys = storage.s3?.credentialsSecretRef?.name;
	for (const key of ["accessKeyId", "secretAccessKey"]) add("storage.s3.credentialsSecretRef", keys, key);
	add("storage.s3.credentialsSecretRef", keys, "sessionToken", true);
	entry("storage.s3.caSecretRef", storage.s3?.caSecretRef);
	entry("storage.gcs.credentialsSecretRef", storage.gcs?.credentialsSecretRef);
	entry("storage.azure.accountKeySecretRef", storage.azure?.accountKeySecretRef);
	entry("storage.azure.connectionStringSecretRef", storage.azure?.connectionStringSecretRef);
	entry("database.postgres.urlSecretRef", database.postgres?.urlSecretRef);
	entry("database.postgres.caSecretRef", database.postgres?.caSecretRef);
	for (const key of ["tls.crt", "tls.key"]) add("exposure.tls.secretName", exposure.tls?.secretName, key);
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

/** What is missing of what a spec refers to, one sentence each; none: all is there. */
export const missingSecrets = (spec: RegistrySpec, contents: SecretContents): readonly string[] => [
	// Several entries of one Secret are missed together.
	...new Set(secretReferences(spec).flatMap((reference) => missingOf(reference, contents))),
];

const missingOf = (
	{ field, secret, key, optional, isPassword = false }: SecretReference,
	contents: SecretContents,
): readonly string[] => {
	const entries = contents.get(secret);
	if (entries === undefined) return [`spec.${field}: there is no Secret ${secret} in this namespace`];
	const entry = entries[key];
	if (isPassword && entry !== undefined && entry.byteLength > 0) {
		if (passwordIn(entry) !== "") return [];
		return [`spec.${field}: the first line of entry ${key} of the Secret ${secret}, which is the password, is empty`];
	}
	if (optional || (entry?.byteLength ?? 0) > 0) return [];
	return [`spec.${field}: the Secret ${secret} has no entry ${key}, or an empty one`];
};
