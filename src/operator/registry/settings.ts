import { durationMs } from "#/api/fields/durations.ts";
import type { RegistrySpec } from "#/api/kinds/registry.ts";
import { type ArchivePlaces, backupSettings, recoverySettings } from "./backup-settings.ts";
import { SecretUses, type SecretVariable } from "./secret-uses.ts";
import { storeSettings } from "./store-settings.ts";
import type { SecretEntry, WantedRegistry } from "./wanted-registry.ts";

/** Where a data plane finds things. */
export interface Places extends ArchivePlaces {
	/** `HOST:PORT` to listen on. */
	readonly listen: string;
	/** Where clients connect; absent: at `listen`. */
	readonly externalUrl: string | undefined;
	readonly dataDir: string;
	/** Settings of the files of a storage class that is a volume; its name is not `default`. */
	readonly classStore: (name: string) => { readonly root?: string };
	/** How the API server is asked that knows the issuer of its service accounts' tokens, and its keys. */
	readonly cluster: {
		readonly apiServer: string;
		readonly caFile?: string;
		/** Absent: it is asked without. */
		readonly tokenFile?: string;
	};
	/** The file that an entry of a Secret will be in. */
	readonly fileOf: (entry: SecretEntry) => string;
}

/** The configuration document of a data plane without secrets, and where those come in. */
export interface Settings {
	readonly document: { readonly [key: string]: unknown };
	readonly environment: readonly SecretVariable[];
	/** Entries of Secrets that must be files, where {@link Places.fileOf} says. */
	readonly files: readonly SecretEntry[];
}

/** The store that `spec.storage` is: its files are in the data directory. */
const DEFAULT_STORE = "default";

/** The settings of a registry: one translation, whether it runs in this process or in pods. */
export const settingsOf = ({ spec, recovery }: Pick<WantedRegistry, "spec" | "recovery">, places: Places): Settings => {
	const uses = new SecretUses(places.fileOf);
	const { auth, backup, egress, exposure } = spec;
	const tls = exposure.tls?.secretName;
	const externalUrl = exposure.externalUrl ?? places.externalUrl;
	const document = {
		listen: places.listen,
		...(externalUrl === undefined ? {} : { externalUrl }),
		dataDir: places.dataDir,
		...(tls === undefined
			? {}
			: {
					tls: {
						certFile: uses.file({ name: tls, key: "tls.crt" }),
						keyFile: uses.file({ name: tls, key: "tls.key" }),
					},
				}),
		database: databaseOf(spec, uses),
		stores: storesOf(spec, places, uses),
		auth: {
			anonymousPull: auth.anonymousPull,
			basic: auth.basic,
			tokenLifetime: `${durationMs(auth.tokenLifetime) / 1_000}s`,
			refreshTokenLifetime: `${durationMs(auth.refreshTokenLifetime) / 1_000}s`,
			...trustedIn(spec, places, uses),
		},
		...(egress.allow.length === 0 ? {} : { egress: { allow: egress.allow } }),
		...(backup === undefined ? {} : { backup: backupSettings(backup, places, uses) }),
		...(recovery === undefined ? {} : { recovery: recoverySettings(recovery, places, uses) }),
	};
	const { environment, files } = uses;
	return { document, environment, files };
};

const storesOf = ({ storage, storageClasses, migration }: RegistrySpec, places: Places, uses: SecretUses): object => {
	const variable = "LIMANI_STORES_DEFAULT_FILESYSTEM_MIGRATE_TO";
	const target = migration?.storage && storeSettings(migration.storage, variable, uses);
	const ownFiles = target === undefined ? {} : { migrateTo: target };
	return Object.fromEntries(
		[{ name: DEFAULT_STORE, ...storage }, ...storageClasses].map((one) => {
			const prefix = `LIMANI_STORES_${one.name.toUpperCase().replaceAll("-", "_")}`;
			const filesystem = one.name === DEFAULT_STORE ? ownFiles : places.classStore(one.name);
			return [one.name, storeSettings(one, prefix, uses) ?? { filesystem }] as const;
		}),
	);
};

const databaseOf = ({ database, migration }: RegistrySpec, uses: SecretUses): unknown => {
	if (database.postgres !== undefined) {
		return { postgres: postgresSettings(database.postgres, "LIMANI_DATABASE_POSTGRES", uses) };
	}
	const target = migration?.database?.postgres;
	if (target === undefined) return { sqlite: {} };
	const postgres = postgresSettings(target, "LIMANI_DATABASE_SQLITE_MIGRATE_TO_POSTGRES", uses);
	return { sqlite: { migrateTo: { postgres } } };
};

const postgresSettings = (
	{ urlSecretRef, caSecretRef, maxConnections }: NonNullable<RegistrySpec["database"]["postgres"]>,
	prefix: string,
	uses: SecretUses,
): object => {
	uses.variable(`${prefix}_URL`, urlSecretRef);
	return { maxConnections, ...uses.caFile(caSecretRef) };
};

const trustedIn = ({ auth }: RegistrySpec, places: Places, uses: SecretUses) => ({
	...(auth.serviceAccountTokens === undefined
		? {}
		: { serviceAccountTokens: { ...auth.serviceAccountTokens, ...places.cluster } }),
	...(auth.issuers.length === 0
		? {}
		: { issuers: auth.issuers.map(({ caSecretRef, ...issuer }) => ({ ...issuer, ...uses.caFile(caSecretRef) })) }),
});
