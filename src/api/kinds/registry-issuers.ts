import { z } from "zod";
import { listMap, wordSet } from "#/api/fields/lists.ts";
import { authoritiesRef } from "#/api/fields/references.ts";
import { type Rule, withRules } from "#/api/fields/rules.ts";
import { httpUrl } from "#/api/fields/urls.ts";
import { audience, issuerUrl } from "#/api/fields/workloads.ts";

const audiences = wordSet(audience, 16)
	.default([])
	.describe("Audiences of which a token must have one; default: the host of the Registry, as in names of images");

const keySet = z.string().min(2).max(65_536).refine(isKeySet, 'expected a JWK set, such as {"keys": [...]}');

const oneOrigin: Rule<{ readonly jwksUrl?: string; readonly jwks?: string }> = {
	rule: "!has(self.jwksUrl) || !has(self.jwks)",
	message: "expected one of jwksUrl, jwks",
	holds: ({ jwksUrl, jwks }) => jwksUrl === undefined || jwks === undefined,
};

const issuer = withRules(
	z.object({
		url: issuerUrl.describe("The iss of its tokens, to the letter"),
		audiences,
		jwksUrl: httpUrl
			.exactOptional()
			.describe("Where its keys are; default: where its discovery document says, below url. egress.allow applies"),
		jwks: keySet.exactOptional().describe("Its keys, as a JWK set in JSON: for an issuer that cannot be reached"),
		caSecretRef: authoritiesRef.exactOptional().describe("Authorities to trust there, beside the system's"),
	}),
	oneOrigin,
);

/** Whether and for whom tokens of the cluster's service accounts are accepted. */
export const serviceAccountTokens = z.object({ audiences });

/** Others whose tokens are accepted. */
export const tokenIssuers = listMap(issuer, ["url"], 16);

function isKeySet(text: string): boolean {
	try {
		const document: unknown = JSON.parse(text);
		return typeof document === "object" && document !== null && "keys" in document && Array.isArray(document.keys);
	} catch {
		return false;
	}
}
