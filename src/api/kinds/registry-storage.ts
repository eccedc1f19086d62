import { z } from "zod";
import { objectName } from "#/api/fields/names.ts";
import { byteQuantity } from "#/api/fields/quantities.ts";
import { authoritiesRef, secretKeyRef, secretRef } from "#/api/fields/references.ts";
import { exactlyOne, immutable, immutableChoice, immutableMember, type Rule, withRules } from "#/api/fields/rules.ts";
import { httpUrl } from "#/api/fields/urls.ts";

const prefix = withRules(
	z
		.string()
		.max(255)
		.regex(/^([A-Za-z0-9._-]+\/)*$/, "expected components that each end in a slash, such as limani/"),
	immutable("prefix"),
)
	.default("")
	.describe("Put before every key; cannot be changed");

const redirect = z.boolean().default(false).describe("Whether clients are sent to presigned URLs for blobs");

const bucket = withRules(z.string().min(1).max(255), immutable("bucket")).describe(
	"Name of the bucket, which must exist; cannot be changed",
);

const endpoint = httpUrl.exactOptional();

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
		bucket,
		region: withRules(z.string().min(1).max(63), immutable("region"))
			.default("us-east-1")
			.describe("The bucket's region; cannot be changed"),
		endpoint: endpoint.describe("Where the service is; cannot be changed; default: that of AWS for the region"),
		prefix,
		pathStyle: z
			.boolean()
			.default(false)
			.describe("Whether the bucket stands in the path of URLs, not in the host name"),
		credentialsSecretRef: secretRef
			.exactOptional()
			.describe(
				"Secret with the entries accessKeyId, secretAccessKey and, for temporary keys, sessionToken; default: what the process finds (web identity, role, environment)",
			),
		caSecretRef: authoritiesRef.exactOptional().describe("Authorities that are trusted in place of the system's"),
		redirect,
	}),
	immutableMember("endpoint"),
);

const gcs = withRules(
	z.object({
		bucket,
		prefix,
		apiEndpoint: endpoint.describe("Where the service is; cannot be changed; default: Google's"),
		credentialsSecretRef: secretKeyRef
			.exactOptional()
			.describe("JSON key file; default: the application default credentials that the process finds"),
		redirect,
	}),
	immutableMember("apiEndpoint"),
);

const fullyNamed: Rule<{
	readonly accountName?: string;
	readonly accountKeySecretRef?: unknown;
	readonly connectionStringSecretRef?: unknown;
	readonly endpoint?: string;
}> = {
	rule: "has(self.connectionStringSecretRef) ? !has(self.accountName) && !has(self.accountKeySecretRef) && !has(self.endpoint) : has(self.accountName) && has(self.accountKeySecretRef)",
	message:
		"expected accountName and accountKeySecretRef, or connectionStringSecretRef in place of them and of endpoint",
	holds: ({ accountName, accountKeySecretRef, connectionStringSecretRef, endpoint: at }) =>
		connectionStringSecretRef === undefined
			? accountName !== undefined && accountKeySecretRef !== undefined
			: accountName === undefined && accountKeySecretRef === undefined && at === undefined,
};

const azure = withRules(
	z.object({
		container: withRules(z.string().min(1).max(63), immutable("container")).describe(
			"Name of the container, which must exist; cannot be changed",
		),
		prefix,
		endpoint: endpoint.describe("Where the service is; cannot be changed; default: that of the account"),
		accountName: z.string().min(1).max(64).exactOptional().describe("The storage account; cannot be changed"),
		accountKeySecretRef: secretKeyRef.exactOptional().describe("One of the account's keys"),
		connectionStringSecretRef: secretKeyRef
			.exactOptional()
			.describe("The connection string as the portal shows it, in place of name, key and endpoint"),
		redirect,
	}),
	fullyNamed,
	immutableMember("endpoint"),
	immutableMember("accountName"),
);

/** Where a Registry keeps blobs. Its kind and what names the place never change: what was pushed would be elsewhere. */
export const registryStorage = withRules(
	z.object({
		filesystem: filesystem.exactOptional().describe("Files on a volume, or in standalone mode in its data directory"),
		s3: s3.exactOptional().describe("A bucket of Amazon S3, or of a service that is compatible"),
		gcs: gcs.exactOptional().describe("A bucket of Google Cloud Storage"),
		azure: azure.exactOptional().describe("A container of Azure Blob Storage"),
	}),
	exactlyOne("filesystem", "s3", "gcs", "azure"),
	immutableChoice("the kind of storage", "filesystem", "s3", "gcs", "azure"),
);

const postgres = z.object({
	urlSecretRef: secretKeyRef.describe("The URL, such as postgres://USER:PASSWORD@HOST:PORT/DATABASE"),
	caSecretRef: authoritiesRef.exactOptional().describe("Authorities that are trusted in place of the system's"),
	maxConnections: z.int32().min(1).max(1_000).default(16).describe("Connections of each process"),
});

/** Where a Registry keeps metadata. */
export const registryDatabase = withRules(
	z.object({
		embedded: z.object({}).exactOptional().describe("SQLite on the volume of the one replica"),
		postgres: postgres.exactOptional().describe("A database of PostgreSQL, which several replicas may share"),
	}),
	exactlyOne("embedded", "postgres"),
	immutableChoice("the kind of database", "embedded", "postgres"),
);
