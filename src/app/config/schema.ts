/** The one configuration document of the data plane, as a YAML file and as environment variables. */
import { z } from "zod";
import { hostPort, network } from "./address-schema.ts";
import { authSchema } from "./auth-schema.ts";
import { backupSchema, recoverySchema } from "./backup-schema.ts";
import { databaseSchema } from "./database-schema.ts";
import { resourcesSchema } from "./resources-schema.ts";
import { storeSchema } from "./store-schema.ts";
import { housekeepingSchema, limitsSchema } from "./work-schema.ts";

const isLoopback = (address = "127.0.0.1:0"): boolean => /^(127\.|\[::1\]|localhost:)/.test(address);

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
	database: databaseSchema,
	stores: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), storeSchema).prefault({}),
	auth: authSchema,
	limits: limitsSchema,
	housekeeping: housekeepingSchema,
	backup: backupSchema,
	recovery: recoverySchema,
	control: z
		.strictObject({
			listen: hostPort.describe("Where the operator connects"),
			tokenFile: z.string().describe("A file whose first line is the token that the operator shows"),
			certFile: z.string().optional().describe("PEM file of the certificate; needed beyond loopback"),
			keyFile: z.string().optional().describe("PEM file of its private key"),
		})
		.optional()
		.describe("The port that an operator drives; absent: none"),
	egress: z
		.strictObject({
			allow: z
				.array(network)
				.default([])
				.describe(
					"Addresses and networks that this registry may connect to on behalf of policies although they are loopback, link-local, a cloud's metadata service, multicast or reserved; all others, private ones too, need no mention",
				),
		})
		.prefault({}),
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
	resources: resourcesSchema,
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
