import { durationMs } from "#/api/fields/durations.ts";
import type { RegistrySpec } from "#/api/kinds/registry.ts";
import type { SecretEntry } from "./wanted-registry.ts";

/** Where a data plane finds things. */
export interface Places {
	/** `HOST:PORT` to listen on. */
	readonly listen: string;
	/** Where clients connect; absent: at `listen`. */
	readonly externalUrl: string | undefined;
	readonly dataDir: string;
	/** The file that an entry of a Secret will be in. */
	readonly fileOf: (entry: SecretEntry) => string;
}

/** The configuration document of a data plane without secrets, and where those come in. */
export interface Settings {
	readonly document: { readonly [key: string]: unknown };
	/** Variables of the environment, each with the entry of a Secret whose text it has. */
	readonly environment: readonly {
		readonly variable: string;
		readonly from: SecretEntry;
		readonly optional: boolean;
	}[];
	/** Entries of Secrets that must be files, where {@link Places.fileOf} says. */
	readonly files: readonly SecretEntry[];
}

interface Collected {
	readonly environment: Settings["environment"][number][];
	readonly files: SecretEntry[];
}

/** The settings of a registry: one translation, whether it runs in this process or in pods. */
export const settingsOf = (spec: RegistrySpec, places: Places): Settings => {
	const collected: Collected = { environment: [], files: [] };
	const { auth, exposure } = spec;
	const tls = exposure.tls?.secretName;
	const externalUrl = exposure.externalUrl ?? places.externalUrl;
	const file = fileIn(collected, places);
	const document = {
		listen: places.listen,
		...(externalUrl === undefined ? {} : { externalUrl }),
		dataDir: places.dataDir,
		...(tls === undefined
			? {}
			: { tls: { certFile: file({ secret: tls, key: "tls.crt" }), keyFile: file({ secret: tls, key: "tls.key" }) } }),
		database: databaseOf(spec, collected, places),
		stores: { default: storeOf(spec, collected, places) },
		auth: {
			anonymousPull: auth.anonymousPull,
			basic: auth.basic,
			tokenLifetime: `${durationMs(auth.tokenLifetime) / 1_000}s`,
			refreshTokenLifetime: `${durationMs(auth.refreshTokenLifetime) / 1_000}s`,
		},
	};
	return { document, ...collected };
};

const fileIn =
	({ files }: Collected, { fileOf }: Places) =>
	(entry: SecretEntry): string => {
		files.push(entry);
		return fileOf(entry);
	};

const variableIn =
	({ environment }: Collected) =>
	(variable: string, secret: string, key: string, optional = false): void => {
		environment.push({ variable, from: { secret, key }, optional });
	};

const databaseOf = ({ database }: RegistrySpec, collected: Collected, places: Places): unknown => {
	const { postgres } = database;
	if (postgres === undefined) return { sqlite: {} };
	const { urlSecretRef, caSecretRef, maxConnections } = postgres;
	variableIn(collected)("LIMANI_DATABASE_POSTGRES_URL", urlSecretRef.name, urlSecretRef.key);
	return { postgres: { maxConnections, ...caFileOf(caSecretRef, collected, places) } };
};

const storeOf = ({ storage }: RegistrySpec, collected: Collected, places: Places): unknown => {
	const { s3, gcs, azure } = storage;
	const variable = variableIn(collected);
	if (s3 !== undefined) {
		const { credentialsSecretRef, caSecretRef, ...settings } = s3;
		if (credentialsSecretRef !== undefined) {
			const { name } = credentialsSecretRef;
			variable("LIMANI_STORES_DEFAULT_S3_ACCESS_KEY_ID", name, "accessKeyId");
			variable("LIMANI_STORES_DEFAULT_S3_SECRET_ACCESS_KEY", name, "secretAccessKey");
			variable("LIMANI_STORES_DEFAULT_S3_SESSION_TOKEN", name, "sessionToken", true);
		}
		return { s3: { ...settings, ...caFileOf(caSecretRef, collected, places) } };
	}
	if (gcs !== undefined) {
		const { credentialsSecretRef: ref, ...settings } = gcs;
		if (ref === undefined) return { gcs: settings };
		return { gcs: { ...settings, credentialsFile: fileIn(collected, places)({ secret: ref.name, key: ref.key }) } };
	}
	if (azure !== undefined) {
		const { accountKeySecretRef: key, connectionStringSecretRef: connection, ...settings } = azure;
		if (key !== undefined) variable("LIMANI_STORES_DEFAULT_AZURE_ACCOUNT_KEY", key.name, key.key);
		if (connection !== undefined) {
			variable("LIMANI_STORES_DEFAULT_AZURE_CONNECTION_STRING", connection.name, connection.key);
		}
		return { azure: settings };
	}
	return { filesystem: {} };
};

const caFileOf = (
	ref: { readonly name: string; readonly key: string } | undefined,
	collected: Collected,
	places: Places,
): { readonly caFile?: string } =>
	ref === undefined ? {} : { caFile: fileIn(collected, places)({ secret: ref.name, key: ref.key }) };
