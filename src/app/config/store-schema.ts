import { z } from "zod";

const prefix = z
	.string()
	.regex(/^([A-Za-z0-9._-]+\/)*$/, "expected components that each end in a slash, such as limani/")
	.default("")
	.describe("Put before every key");

const redirect = z.boolean().default(false).describe("Send clients to presigned URLs for blobs");

const s3 = z
	.strictObject({
		bucket: z.string().min(1).describe("Must exist"),
		region: z.string().default("us-east-1").describe("The bucket's region"),
		endpoint: z.url().optional().describe("Where the service is; default: that of AWS for the region"),
		prefix,
		pathStyle: z.boolean().default(false).describe("The bucket in the path of URLs, not in the host name"),
		accessKeyId: z
			.string()
			.optional()
			.describe("Access key; default: what the AWS SDK finds (environment, web identity, role)"),
		secretAccessKey: z.string().optional().describe("The key's secret"),
		sessionToken: z.string().optional().describe("For temporary keys"),
		caFile: z.string().optional().describe("PEM file of authorities, trusted in place of the system's"),
		redirect,
		redirectEndpoint: z.url().optional().describe("Where clients reach the service; default: endpoint"),
		partSize: z
			.int()
			.min(5 * 1024 * 1024)
			.max(5 * 1024 * 1024 * 1024)
			.default(16 * 1024 * 1024)
			.describe("Bytes; 10,000 parts are the largest blob whose size is not told beforehand"),
	})
	.refine(({ accessKeyId, secretAccessKey }) => (accessKeyId === undefined) === (secretAccessKey === undefined), {
		message: "expected accessKeyId and secretAccessKey together, or neither",
		// Not the whole, which errors show.
		path: ["accessKeyId"],
	});

const gcs = z.strictObject({
	bucket: z.string().min(1).describe("Must exist"),
	prefix,
	apiEndpoint: z
		.url()
		.optional()
		.describe("Where the service is; without TLS, no credentials are sent there; default: Google's"),
	credentialsFile: z
		.string()
		.optional()
		.describe("JSON key file; default: the environment's application default credentials"),
	redirect,
});

const azure = z
	.strictObject({
		container: z.string().min(1).describe("Must exist"),
		prefix,
		endpoint: z.url().optional().describe("Where the service is; default: that of the account"),
		accountName: z.string().min(1).optional().describe("The storage account"),
		accountKey: z.base64().optional().describe("One of its keys"),
		connectionString: z.string().optional().describe("As the portal shows it, in place of name, key and endpoint"),
		redirect,
	})
	.refine(
		({ accountName, accountKey, connectionString, endpoint }) => {
			const [hasName, hasKey] = [accountName !== undefined, accountKey !== undefined];
			return connectionString === undefined ? hasName && hasKey : !hasName && !hasKey && endpoint === undefined;
		},
		{
			message: "expected either connectionString, or accountName and accountKey",
			// Not the whole, which errors show.
			path: ["accountName"],
		},
	);

/** Where a store of files may go. */
const objectStore = z
	.strictObject({ s3: s3.optional(), gcs: gcs.optional(), azure: azure.optional() })
	.refine((value) => Object.values(value).filter((driver) => driver !== undefined).length === 1, {
		message: "expected exactly one of s3, gcs, azure",
	});

const filesystem = z.strictObject({
	root: z.string().optional().describe("Directory of the store; default: stores/NAME in dataDir"),
	migrateTo: objectStore
		.optional()
		.describe("Where the store goes while it is used; not to be changed before the migration is Completed"),
});

/** Schema of one named blob store: exactly one driver, with its settings. */
export const storeSchema = z
	.strictObject({
		filesystem: filesystem.optional(),
		s3: s3.optional(),
		gcs: gcs.optional(),
		azure: azure.optional(),
		memory: z.strictObject({}).optional().describe("Forgets everything at the end; for trials"),
	})
	.refine((value) => Object.values(value).filter((driver) => driver !== undefined).length === 1, {
		message: "expected exactly one of filesystem, s3, gcs, azure, memory",
	});

/** Schema of an archive's place: a blob store that keeps what it is given, and whose place is said. */
export const archiveSchema = storeSchema
	.refine(({ memory }) => memory === undefined, { message: "expected one of filesystem, s3, gcs, azure" })
	.refine(({ filesystem }) => filesystem === undefined || filesystem.root !== undefined, {
		path: ["filesystem", "root"],
		message: "expected a directory",
	})
	.refine(({ filesystem }) => filesystem?.migrateTo === undefined, {
		path: ["filesystem", "migrateTo"],
		message: "expected none: an archive stays where it is",
	});

/** Settings of the `s3` driver. */
export type S3StoreConfig = z.output<typeof s3>;

/** Settings of the `gcs` driver. */
export type GcsStoreConfig = z.output<typeof gcs>;

/** Settings of the `azure` driver. */
export type AzureStoreConfig = z.output<typeof azure>;

/** Settings of one named blob store. */
export type StoreConfig = z.output<typeof storeSchema>;
