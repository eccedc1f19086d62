import { z } from "zod";
import { listMap, wordSet } from "#/api/fields/lists.ts";
import { namespaceName, objectName } from "#/api/fields/names.ts";
import { byteQuantity } from "#/api/fields/quantities.ts";
import { authoritiesRef, secretKeyRef } from "#/api/fields/references.ts";
import { exactlyOne, immutable, immutableChoice, immutableMember, type Rule, withRules } from "#/api/fields/rules.ts";
import { azureFields, fullyNamed, gcsFields, s3Fields } from "./object-stores.ts";
import { registryCloudNativePG } from "./registry-cloud-native-pg.ts";

const fixed = <S extends z.ZodType>(name: string, schema: S): S =>
	withRules(schema, immutable(name)).describe(`${schema.description}; cannot be changed`);

const redirect = z.boolean().default(false).describe("Whether clients are sent to presigned URLs for blobs");

const filesystem = withRules(
	z.object({
		size: byteQuantity
			.default("10Gi")
			.describe("Size of the volume; it can grow. In a cluster; standalone mode uses a directory"),
		storageClassName: objectName
			.exactOptional()
			.describe("StorageClass of the volume; cannot be changed; default: that of the cluster. In a cluster"),
	}),
	immutableMember("storageClassName"),
);

const s3 = withRules(
	z.object({
		...s3Fields,
		bucket: fixed("bucket", s3Fields.bucket),
		region: fixed("region", s3Fields.region),
		endpoint: s3Fields.endpoint.describe(
			"Where the service is; cannot be changed; default: that of AWS for the region",
		),
		prefix: fixed("prefix", s3Fields.prefix),
		redirect,
	}),
	immutableMember("endpoint"),
);

const gcs = withRules(
	z.object({
		...gcsFields,
		bucket: fixed("bucket", gcsFields.bucket),
		prefix: fixed("prefix", gcsFields.prefix),
		apiEndpoint: gcsFields.apiEndpoint.describe("Where the service is; cannot be changed; default: Google's"),
		redirect,
	}),
	immutableMember("apiEndpoint"),
);

const azure = withRules(
	z.object({
		...azureFields,
		container: fixed("container", azureFields.container),
		prefix: fixed("prefix", azureFields.prefix),
		endpoint: azureFields.endpoint.describe("Where the service is; cannot be changed; default: that of the account"),
		accountName: azureFields.accountName.describe("The storage account; cannot be changed"),
		redirect,
	}),
	fullyNamed,
	immutableMember("endpoint"),
	immutableMember("accountName"),
);

/**
 * Where a Registry keeps blobs. What names the place never changes: what was pushed would be elsewhere. Its kind changes
 * by a migration alone, of which the rules of the Registry know.
 */
export const registryStorage = withRules(
	z.object({
		filesystem: filesystem.exactOptional().describe("Files on a volume, or in standalone mode in its data directory"),
		s3: s3.exactOptional().describe("A bucket of Amazon S3, or of a service that is compatible"),
		gcs: gcs.exactOptional().describe("A bucket of Google Cloud Storage"),
		azure: azure.exactOptional().describe("A container of Azure Blob Storage"),
	}),
	exactlyOne("filesystem", "s3", "gcs", "azure"),
);

const migrationTarget = withRules(
	z.object({
		s3: s3.exactOptional().describe("A bucket of Amazon S3, or of a service that is compatible"),
		gcs: gcs.exactOptional().describe("A bucket of Google Cloud Storage"),
		azure: azure.exactOptional().describe("A container of Azure Blob Storage"),
	}),
	exactlyOne("s3", "gcs", "azure"),
	immutableChoice("the kind of the target", "s3", "gcs", "azure"),
);

/** The name of the class that `spec.storage` is, which no other may have. */
const DEFAULT_CLASS = "default";

/** The most classes that a Registry may have: each is a connection of every process. */
const MAX_CLASSES = 32;

const notTheDefault: Rule<{ readonly name: string }> = {
	rule: `self.name != '${DEFAULT_CLASS}'`,
	message: `${DEFAULT_CLASS} is spec.storage: expected another name`,
	fieldPath: ".name",
	holds: ({ name }) => name !== DEFAULT_CLASS,
};

/** What the names of the settings of `spec.migration` begin with in the environment, where those of classes are, too. */
const MIGRATION_PREFIX = "default-filesystem-migrate-to";

const notTheMigration: Rule<{ readonly name: string }> = {
	rule: `!self.name.startsWith('${MIGRATION_PREFIX}')`,
	message: `names that begin with ${MIGRATION_PREFIX} are for spec.migration: expected another name`,
	fieldPath: ".name",
	holds: ({ name }) => !name.startsWith(MIGRATION_PREFIX),
};

/** The name of a storage class. */
export const storageClassName = z
	.string()
	.min(1)
	.max(63)
	.regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, "expected lower-case letters, digits and dashes");

const storageClass = withRules(
	z.object({
		name: storageClassName.describe("What Projects call it, by spec.storageClassName"),
		namespaces: wordSet(namespaceName, 100)
			.exactOptional()
			.describe("Namespaces whose Projects may use it; default: all that may name the Registry"),
		filesystem: filesystem
			.exactOptional()
			.describe(
				"Files on a volume of their own, the PersistentVolumeClaim REGISTRY-class-NAME; in standalone mode in a directory of their own. For one replica",
			),
		s3: s3.exactOptional().describe("A bucket of Amazon S3, or of a service that is compatible"),
		gcs: gcs.exactOptional().describe("A bucket of Google Cloud Storage"),
		azure: azure.exactOptional().describe("A container of Azure Blob Storage"),
	}),
	exactlyOne("filesystem", "s3", "gcs", "azure"),
	immutableChoice("the kind of storage", "filesystem", "s3", "gcs", "azure"),
	notTheDefault,
	notTheMigration,
);

/** More places where a Registry keeps blobs, each for the Projects that name it. */
export const registryStorageClasses = listMap(storageClass, ["name"], MAX_CLASSES);

/** Where a Registry, or one of its classes, keeps blobs. */
export type RegistryStorage = Pick<z.output<typeof registryStorage>, "filesystem" | "s3" | "gcs" | "azure">;
/** Where others of its classes are. */
export type RegistryStorageClass = z.output<typeof storageClass>;

const postgres = z.object({
	urlSecretRef: secretKeyRef.describe("The URL, such as postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
	caSecretRef: authoritiesRef.exactOptional().describe("Authorities that are trusted in place of the system's"),
	maxConnections: z.int32().min(1).max(1_000).default(16).describe("Connections of each process"),
});

/** Where a Registry keeps metadata. Its kind changes by a migration alone, of which the rules of the Registry know. */
export const registryDatabase = withRules(
	z.object({
		embedded: z.object({}).exactOptional().describe("SQLite on the volume of the one replica"),
		postgres: postgres.exactOptional().describe("A database of PostgreSQL, which several replicas may share"),
		cloudNativePG: registryCloudNativePG
			.exactOptional()
			.describe(
				"A database of PostgreSQL that is made for this Registry, as a Cluster of CloudNativePG, whose operator has to be installed. In a cluster",
			),
	}),
	exactlyOne("embedded", "postgres", "cloudNativePG"),
);

const databaseTarget = z.object({
	postgres: withRules(postgres, immutableMember("urlSecretRef")).describe(
		"A database of PostgreSQL that is empty, and of its own; which entry of which Secret says where it is cannot be changed. One that CloudNativePG made is named so too, by the Secret NAME-app",
	),
});

const isOfSomething: Rule<{ readonly storage?: unknown; readonly database?: unknown }> = {
	rule: "has(self.storage) || has(self.database)",
	message: "expected storage, database or both",
	holds: ({ storage, database }) => storage !== undefined || database !== undefined,
};

/** Where what a Registry keeps goes while it is used. */
export const registryMigration = withRules(
	z.object({
		storage: migrationTarget
			.exactOptional()
			.describe(
				"Where the blobs go that are in files; what is pushed from now on goes there at once. An empty bucket, container or prefix",
			),
		database: databaseTarget
			.exactOptional()
			.describe("Where the metadata goes that is in the embedded database, all of it in one moment"),
	}),
	isOfSomething,
);

/** What a Registry's migration asks for. */
export type RegistryMigration = z.output<typeof registryMigration>;
