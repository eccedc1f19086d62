import { z } from "zod";
import { robotName } from "./identity-name.ts";

/** Milliseconds since the epoch. */
const instant = z.int().min(0);

/** Patterns match whole names, so none needs to be longer than they can be. */
const glob = z.string().min(1).max(255);

const verifier = z.strictObject({
	/** SHA-256 over the robot's uid, a NUL and the secret. */
	hash: z.string().regex(/^[0-9a-f]{64}$/, "expected 64 lower-case hex digits"),
	/** When it ceases to be valid; absent: never. */
	notAfter: instant.exactOptional(),
});

const permission = z.strictObject({
	/** Name or glob of projects. */
	project: glob,
	/** Globs of repository names below the project; absent: all. */
	repositories: z.array(glob).min(1).max(1_000).exactOptional(),
	actions: z
		.array(z.enum(["pull", "push", "delete"]))
		.min(1)
		.max(3),
});

/** Stands for the issuer of the service accounts' tokens of the cluster that the registry is in. */
export const OWN_CLUSTER = "kubernetes";

/** A pattern of what an issuer says: `*` is any run of characters, `?` is one. */
const pattern = z.string().min(1).max(1_024);

const trust = z.strictObject({
	/** The `iss` of the tokens, or {@link OWN_CLUSTER}. */
	issuer: z.string().min(1).max(1_024),
	/** An audience that they must have, of those that the registry accepts; absent: any of those. */
	audience: z.string().min(1).max(1_024).exactOptional(),
	subject: pattern,
	claims: z
		.array(z.strictObject({ name: z.string().min(1).max(256), value: pattern }))
		.max(32)
		.default([]),
	/** How long what is issued for such a token lives at most, seconds; absent: as long as the registry says. */
	tokenLifetimeS: z.int().min(60).max(86_400).exactOptional(),
});

/** A robot account, as it crosses Control: never with its secret. */
export const robotAccountSpec = z.strictObject({
	name: robotName,
	/** Several while a rotation's grace lasts; none: nobody can use it yet. */
	verifiers: z.array(verifier).max(8),
	/** When it ceases to work; absent: never. */
	expiresAt: instant.exactOptional(),
	disabled: z.boolean().default(false),
	permissions: z.array(permission).max(1_000).default([]),
	/** Whose tokens stand for a secret; none: nobody's. */
	trust: z.array(trust).max(256).default([]),
});

/** A robot account, with its defaults. */
export type RobotAccountSpec = z.output<typeof robotAccountSpec>;
