/** The one configuration document of the data plane, as a YAML file and as environment variables. */
import { z } from "zod";
import { parseNetwork } from "#/lib/address-set.ts";
import { durationMs } from "./duration.ts";
import { storeSchema } from "./store-schema.ts";

const hostPort = z
	.string()
	.regex(/^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$/, {
		error: "expected HOST:PORT, such as 127.0.0.1:5080",
		abort: true,
	})
	.refine((address) => Number(/\d+$/.exec(address)?.[0]) <= 65_535, "expected a port up to 65535");

const isLoopback = (address = "127.0.0.1:0"): boolean => /^(127\.|\[::1\]|localhost:)/.test(address);

const network = z
	.string()
	.refine((text) => parseNetwork(text) !== undefined, "expected an address or a network, such as 10.0.0.0/8");

const projectName = z.string().regex(/^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/, "expected a lower-case path component");

const project = z.strictObject({
	name: projectName.describe("First component of the names of its repositories"),
	visibility: z
		.enum(["Private", "Internal", "Public"])
		.default("Private")
		.describe("Who may pull: members, everybody who logs in, or everybody"),
	store: z.string().default("default").describe("Name of the blob store that its repositories use"),
	sparseIndexes: z.boolean().default(false).describe("Whether an index may name manifests that are not here"),
	members: z
		.array(
			z.strictObject({
				kind: z
					.enum(["User", "Group", "ServiceAccount"])
					.default("User")
					.describe("What the member is; only users have an effect so far"),
				name: z.string().min(1).describe("The member's name"),
				role: z
					.enum(["admin", "maintainer", "developer", "guest", "limitedGuest"])
					.describe("guests pull, developers push too, maintainers and admins delete too"),
			}),
		)
		.default([])
		.describe("Who may do what in it"),
});

const user = z
	.strictObject({
		name: z.string().min(1).max(255).describe("What the user logs in with"),
		password: z.string().min(1).optional().describe("The password; or passwordFile"),
		passwordFile: z.string().optional().describe("A file whose first line is the password"),
		admin: z.boolean().default(false).describe("Whether everything is allowed, in every project"),
		disabled: z.boolean().default(false).describe("Whether the user may not log in"),
	})
	.refine((value) => (value.password === undefined) !== (value.passwordFile === undefined), {
		message: "expected exactly one of password, passwordFile",
	});

const robot = z
	.strictObject({
		name: z.string().min(1).max(255).describe("Without the `robot$` that goes before it"),
		secret: z.string().min(16).optional().describe("At least 16 characters; or secretFile"),
		secretFile: z.string().optional().describe("A file whose first line is the secret"),
		permissions: z
			.array(
				z.strictObject({
					project: z.string().min(1).describe("Name or glob"),
					repositories: z.array(z.string().min(1)).optional().describe("Globs below the project; default: all"),
					actions: z
						.array(z.enum(["pull", "push", "delete"]))
						.min(1)
						.describe("What is allowed there"),
				}),
			)
			.default([])
			.describe("What the robot may do"),
	})
	.refine((value) => (value.secret === undefined) !== (value.secretFile === undefined), {
		message: "expected exactly one of secret, secretFile",
	});

const document = z.strictObject({
	listen: hostPort.default("127.0.0.1:5080").describe("Where clients connect"),
	externalUrl: z
		.url({ protocol: /^https?$/ })
		.optional()
		.describe("The address that clients use, if it is another"),
	trustedProxies: z
		.array(network)
		.default([])
		.describe(
			"Addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; without them, all clients behind a proxy are slowed down as one",
		),
	dataDir: z.string().min(1).default(".limani").describe("Directory of everything that is kept on this machine"),
	workers: z.int().min(1).max(64).default(1).describe("Processes that serve requests"),
	tls: z
		.strictObject({
			certFile: z.string().describe("PEM file of the certificate and what it is signed by"),
			keyFile: z.string().describe("PEM file of its private key"),
		})
		.optional(),
	database: z
		.strictObject({
			sqlite: z
				.strictObject({ directory: z.string().optional().describe("Where the database file is; default: dataDir") })
				.optional(),
			postgres: z
				.strictObject({
					url: z.string().min(1).optional().describe("Such as postgres://USER:PASSWORD@HOST:PORT/DATABASE; or urlFile"),
					urlFile: z.string().optional().describe("A file whose first line is the URL"),
					caFile: z.string().optional().describe("PEM file of authorities, trusted in place of the system's"),
					maxConnections: z.int().min(1).max(1000).default(16).describe("Connections, per process"),
				})
				.optional(),
		})
		.refine((value) => value.sqlite === undefined || value.postgres === undefined, {
			message: "expected one of sqlite, postgres",
		})
		.prefault({}),
	stores: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), storeSchema).prefault({}),
	auth: z
		.strictObject({
			service: z.string().default("limani").describe("Audience of tokens"),
			tokenLifetime: durationMs("5m")
				.refine((ms) => ms >= 60_000, "expected 1m or more")
				.describe("How long a token lives, and so how soon what was taken away from a user has an effect; 1m or more"),
			refreshTokenLifetime: durationMs("30d").describe("How long a client can get tokens without the password"),
			signingKeyLifetime: durationMs("30d").describe("How long a key signs before the next one does"),
			anonymousPull: z
				.boolean()
				.default(true)
				.describe("Whether Public projects may be pulled from without credentials"),
			basic: z.boolean().default(true).describe("Accept Basic credentials on /v2 directly"),
			masterKeyFile: z
				.string()
				.optional()
				.describe(
					"32 random bytes that seal the signing keys and what the journal has of secrets; default: master.key in dataDir, made at the first start",
				),
		})
		.prefault({}),
	limits: z
		.strictObject({
			concurrentUploads: z.int().min(1).default(256).describe("Upload requests at once, per process"),
			openUploadsPerProject: z.int().min(1).default(1000).describe("Uploads that are begun and not finished"),
			uploadIdle: durationMs("24h").describe("An upload that nobody touches for so long is dropped"),
			uploadLease: durationMs("30s")
				.refine((ms) => ms >= 1_000, "expected 1s or more")
				.describe("How soon another process may go on with a dead one's upload"),
			stall: durationMs("60s").describe("A connection that stands still for so long within a request is cut"),
			stopDelay: durationMs("0s").describe(
				"How long to go on after SIGTERM with /readyz at 503, so that proxies notice",
			),
			linkProofAge: durationMs("15m").describe(
				"How long content pulled by digest can be pulled again while the database cannot be reached; 0: not at all",
			),
			drain: durationMs("30s").describe("How long requests may go on after SIGTERM"),
			maxConnections: z.int().min(1).default(10_000).describe("Connections of clients, per process"),
		})
		.prefault({}),
	housekeeping: z
		.strictObject({
			sweepInterval: durationMs("30s").describe("How often condemned bytes are deleted"),
			sweepClaim: durationMs("2m").describe("How soon another process deletes what a dead one was about to delete"),
			staleIntent: durationMs("1h").describe("When a journal object that was not finished counts as left behind"),
			gcDelay: durationMs("24h")
				.refine((ms) => ms >= 60_000, "expected 1m or more")
				.describe("What nobody uses is left alone for so long after it was touched last; 1m or more"),
			gcBatch: z
				.int()
				.min(1)
				.max(10_000)
				.default(100)
				.describe("Things that the collector looks at in one transaction"),
			gcRate: z.int().min(1).default(1_000).describe("Things that it looks at in a second, of all processes together"),
			journalLease: durationMs("10s")
				.refine((ms) => ms >= 1_000, "expected 1s or more")
				.describe("How soon another process goes on with a dead one's journal"),
			snapshotSegments: z.int().min(1).default(3_600).describe("Journal segments between two snapshots"),
			snapshotsKept: z
				.int()
				.min(2)
				.max(1_000)
				.default(2)
				.describe("Snapshots that stay, with every journal segment after the oldest of them"),
		})
		.prefault({}),
	control: z
		.strictObject({
			listen: hostPort.describe("Where the operator connects"),
			tokenFile: z.string().describe("A file whose first line is the token that the operator shows"),
			certFile: z.string().optional().describe("PEM file of the certificate; needed beyond loopback"),
			keyFile: z.string().optional().describe("PEM file of its private key"),
		})
		.optional()
		.describe("The port that an operator drives; absent: none"),
	operations: z
		.strictObject({
			listen: hostPort
				.optional()
				.describe("Where /metrics is, with /livez and /readyz, over plain HTTP; absent: where clients connect"),
		})
		.prefault({}),
	log: z
		.strictObject({
			level: z.enum(["error", "warn", "info", "debug"]).default("info").describe("The least that is logged"),
			requests: z
				.boolean()
				.default(true)
				.describe("One line a request; else only one for each that the registry failed"),
		})
		.prefault({}),
	resources: z
		.strictObject({
			projects: z.array(project).default([]).describe("Projects"),
			users: z.array(user).default([]).describe("Users"),
			robots: z.array(robot).default([]).describe("Robot accounts"),
		})
		.optional()
		.describe("Projects, users and robots to apply at the start, where no operator does"),
});

/** Schema of the configuration document. Every key has a default, so that an empty document is a whole one. */
export const configSchema = document
	.refine(({ control, resources }) => control === undefined || resources === undefined, {
		path: ["resources"],
		message: "expected none where control is set: the operator that drives the registry says what there is",
	})
	.refine(({ control }) => control?.certFile !== undefined || isLoopback(control?.listen), {
		path: ["control", "certFile"],
		message: "expected a certificate and a key, unless control listens on loopback",
	});

/** The configuration, parsed and with its defaults. Durations are milliseconds. */
export type Config = z.output<typeof configSchema>;
