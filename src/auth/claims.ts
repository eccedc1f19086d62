import { z } from "zod";
import type { Action, Principal } from "./access.ts";
import type { Scopes } from "./scopes.ts";

const accessSchema = z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) });

/** What a token says: the claims of Docker's tokens, and under `limani` who it was issued to. Times in seconds. */
export const claimsSchema = z.object({
	iss: z.string(),
	sub: z.string(),
	aud: z.string(),
	exp: z.int(),
	nbf: z.int(),
	iat: z.int(),
	jti: z.string(),
	access: z.array(accessSchema),
	limani: z.discriminatedUnion("kind", [
		z.object({ kind: z.literal("anonymous") }),
		z.object({ kind: z.literal("user"), uid: z.string(), admin: z.boolean() }),
		z.object({ kind: z.literal("robot"), uid: z.string() }),
	]),
});

/** See {@link claimsSchema}. */
export type Claims = z.infer<typeof claimsSchema>;

/** The claims that say who and what. Nothing in them is secret: clients read tokens. */
export const toClaims = (principal: Principal, scopes: Scopes): Pick<Claims, "sub" | "access" | "limani"> => ({
	sub: principal.kind === "anonymous" ? "" : principal.name,
	access: [
		// What was asked for and refused stays, without actions: it tells that asking again is of no use.
		...[...scopes.repositories].map(([name, actions]) => ({ type: "repository", name, actions: [...actions] })),
		...(scopes.catalog ? [{ type: "registry", name: "catalog", actions: ["*"] }] : []),
	],
	limani: toIdentity(principal),
});

const toIdentity = (principal: Principal): Claims["limani"] => {
	switch (principal.kind) {
		case "anonymous":
			return { kind: principal.kind };
		case "user":
			return { kind: principal.kind, uid: principal.uid, admin: principal.admin };
		case "robot":
			return { kind: principal.kind, uid: principal.uid };
	}
};

/** Whom a token was issued to. */
export const claimedPrincipal = ({ sub, limani }: Claims): Principal =>
	limani.kind === "anonymous" ? limani : { ...limani, name: sub };

/** What a token grants. Types and actions that are not known grant nothing. */
export const claimedScopes = ({ access }: Claims): Scopes => ({
	repositories: new Map(
		access
			.filter(({ type }) => type === "repository")
			.map(({ name, actions }) => [name, new Set(actions.filter(isAction))] as const),
	),
	catalog: access.some(({ type, name, actions }) => type === "registry" && name === "catalog" && actions.includes("*")),
});

const isAction = (text: string): text is Action => text === "pull" || text === "push" || text === "delete";
