import { maskUrl } from "./config/secrets.ts";
import type { StoreConfig } from "./config/store-schema.ts";

/** Where an object store is, in words for people and without secrets; no two places have the same. */
export const describeObjectStore = ({ s3, gcs, azure }: Pick<StoreConfig, "s3" | "gcs" | "azure">): string => {
	if (s3 !== undefined) return `S3 bucket ${s3.bucket}${under(s3.prefix)}${at(s3.endpoint)}`;
	if (gcs !== undefined) return `GCS bucket ${gcs.bucket}${under(gcs.prefix)}${at(gcs.apiEndpoint)}`;
	if (azure === undefined) return "memory";
	const { container, prefix, connectionString = "" } = azure;
	const accountName = azure.accountName ?? memberOf(connectionString, "AccountName");
	const endpoint = azure.endpoint ?? memberOf(connectionString, "BlobEndpoint");
	const account = accountName === undefined ? "" : ` of account ${accountName}`;
	return `Azure container ${container}${account}${under(prefix)}${at(endpoint)}`;
};

/** What a connection string has under a name. */
const memberOf = (connectionString: string, name: string): string | undefined =>
	new RegExp(`(?:^|;)\\s*${name}=([^;?]*)`, "i").exec(connectionString)?.[1];

const under = (prefix: string): string => (prefix === "" ? "" : `, prefix ${prefix}`);

const at = (endpoint: string | undefined): string => (endpoint === undefined ? "" : `, at ${maskUrl(endpoint)}`);
