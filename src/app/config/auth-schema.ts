import { z } from "zod";
import { durationMs } from "./duration.ts";

const audiences = z
	.array(z.string().min(1).max(1_024))
	.max(16)
	.default([])
	.describe("Audiences of which a token must have one; default: the host of the registry, with its port");

const issuer = z
	.strictObject({
		url: z.url({ protocol: /^https?$/ }).describe("The iss of its tokens"),
		audiences,
		jwksUrl: z
			.url({ protocol: /^https?$/ })
			.optional()
			.describe("Where its keys are; default: where its discovery document says, which is below url"),
		jwks: z.string().optional().describe("Its keys, as a JWK set in JSON, in place of jwksUrl"),
		caFile: z.string().optional().describe("PEM file of authorities, trusted beside the system's"),
	})
	.refine(({ jwksUrl, jwks }) => jwksUrl === undefined || jwks === undefined, {
		message: "expected one of jwksUrl, jwks",
	});

/** Who is believed, and for how long. */
export const authSchema = z
	.strictObject({
		service: z.string().default("limani").describe("Audience of tokens"),
		tokenLifetime: durationMs("5m")
			.refine((ms) => ms >= 60_000, "expected 1m or more")
			.describe("How long a token lives, and so how soon what was taken away from a user has an effect; 1m or more"),
		refreshTokenLifetime: durationMs("30d").describe("How long a client can get tokens without the password"),
		signingKeyLifetime: durationMs("30d").describe("How long a key signs before the next one does"),
		anonymousPull: z.boolean().default(true).describe("Whether Public projects may be pulled from without credentials"),
		serviceAccountTokens: z
			.strictObject({
				audiences,
				apiServer: z
					.url({ protocol: /^https?$/ })
					.default("https://kubernetes.default.svc")
					.describe("The API server of the cluster, which tells of its issuer and its keys"),
				caFile: z.string().optional().describe("PEM file of authorities, trusted beside the system's"),
				tokenFile: z
					.string()
					.optional()
					.describe("File of the token that the API server is asked with, read anew each time; absent: none"),
			})
			.optional()
			.describe("Tokens of this cluster's service accounts, for the robots that trust them; absent: none are accepted"),
		issuers: z.array(issuer).max(32).default([]).describe("Others whose tokens robots may trust"),
		basic: z.boolean().default(true).describe("Accept Basic credentials on /v2 directly"),
		masterKeyFile: z
			.string()
			.optional()
			.describe(
				"32 random bytes that seal the signing keys and what the journal has of secrets; default: master.key in dataDir, made at the first start",
			),
	})
	.prefault({});
