/** How a place in an object store is named, and with which keys it is used: of a Registry's blobs, and of its backups. */
import { z } from "zod";
import { authoritiesRef, secretKeyRef, secretRef } from "#/api/fields/references.ts";
import type { Rule } from "#/api/fields/rules.ts";
import { httpUrl } from "#/api/fields/urls.ts";

const prefix = z
	.string()
	.max(255)
	.regex(/^([A-Za-z0-9._-]+\/)*$/, "expected components that each end in a slash, such as limani/");

const bucket = z.string().min(1).max(255).describe("Name of the bucket, which must exist");

const endpoint = httpUrl.exactOptional();

/** The fields of a bucket of Amazon S3, or of a service that is compatible. */
export const s3Fields = {
	bucket,
	region: z.string().min(1).max(63).default("us-east-1").describe("The bucket's region"),
	endpoint: endpoint.describe("Where the service is; default: that of AWS for the region"),
	prefix: prefix.default("").describe("Put before every key"),
	pathStyle: z.boolean().default(false).describe("Whether the bucket stands in the path of URLs, not in the host name"),
	credentialsSecretRef: secretRef
		.exactOptional()
		.describe(
			"Secret with the entries accessKeyId, secretAccessKey and, for temporary keys, sessionToken; default: what the process finds (web identity, role, environment)",
		),
	caSecretRef: authoritiesRef.exactOptional().describe("Authorities that are trusted in place of the system's"),
};

/** The fields of a bucket of Google Cloud Storage. */
export const gcsFields = {
	bucket,
	prefix: prefix.default("").describe("Put before every key"),
	apiEndpoint: endpoint.describe("Where the service is; default: Google's"),
	credentialsSecretRef: secretKeyRef
		.exactOptional()
		.describe("JSON key file; default: the application default credentials that the process finds"),
};

/** The fields of a container of Azure Blob Storage, for which {@link fullyNamed} holds. */
export const azureFields = {
	container: z.string().min(1).max(63).describe("Name of the container, which must exist"),
	prefix: prefix.default("").describe("Put before every key"),
	endpoint: endpoint.describe("Where the service is; default: that of the account"),
	accountName: z.string().min(1).max(64).exactOptional().describe("The storage account"),
	accountKeySecretRef: secretKeyRef.exactOptional().describe("One of the account's keys"),
	connectionStringSecretRef: secretKeyRef
		.exactOptional()
		.describe("The connection string as the portal shows it, in place of name, key and endpoint"),
};

/** An account of Azure is named in one of two ways. */
export const fullyNamed: Rule<{
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
