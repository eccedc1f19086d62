import { z } from "zod";
import { atLeast, duration } from "#/api/fields/durations.ts";
import { listMap, wholeList } from "#/api/fields/lists.ts";
import { exactlyOne, type Rule, withRules } from "#/api/fields/rules.ts";
import { audience, issuerUrl } from "#/api/fields/workloads.ts";

const serviceAccount = z.object({
	name: z
		.string()
		.min(1)
		.max(253)
		.regex(/^[a-z0-9.*?-]+$/, "expected the name of a service account, or a pattern with * and ?")
		.describe("Name of a service account; in a pattern, * is any run of characters and ? is one"),
	namespace: z
		.string()
		.min(1)
		.max(63)
		.regex(/^[a-z0-9*?-]+$/, "expected the name of a namespace, or a pattern with * and ?")
		.exactOptional()
		.describe(
			"Its namespace; default: that of the robot. Another one must accept it by the label limani.dev/accept-from, unless the robot is in the Registry's own namespace, from where a pattern is possible, too",
		),
});

const pattern = z.string().min(1).max(1_024);

const claim = z.object({
	name: z.string().min(1).max(256).describe("Name of a claim, at the top of the token"),
	value: pattern.describe("Its value, or one of its values; in a pattern, * is any run of characters and ? is one"),
});

const subjectFits: Rule<{ readonly issuer?: string; readonly subject?: string }> = {
	rule: "has(self.issuer) == has(self.subject)",
	message: "expected subject with issuer, and not without: service accounts are their own subjects",
	fieldPath: ".subject",
	holds: ({ issuer, subject }) => (issuer === undefined) === (subject === undefined),
};

/** Whose tokens stand for a robot's credential. */
const trust = withRules(
	z.object({
		serviceAccounts: wholeList(serviceAccount, 16)
			.min(1)
			.exactOptional()
			.describe("Service accounts of the cluster that the Registry is in; its auth.serviceAccountTokens must be set"),
		issuer: issuerUrl
			.exactOptional()
			.describe("Another issuer of tokens: the url of one of the Registry's auth.issuers"),
		audience: audience
			.exactOptional()
			.describe("The audience that a token must have, one of those that the Registry accepts; default: any of those"),
		subject: pattern
			.exactOptional()
			.describe(
				"The sub of an issuer's tokens, such as repo:acme/web:ref:refs/heads/main; in a pattern, * is any run of characters and ? is one",
			),
		claims: listMap(claim, ["name"], 16).default([]).describe("What else a token must say, all of it"),
		tokenLifetime: withRules(duration, atLeast("1m"))
			.exactOptional()
			.describe(
				"How long a token that the registry issues lives at most, 1m or more; default: as the Registry says. None outlives the workload's",
			),
	}),
	exactlyOne("serviceAccounts", "issuer"),
	subjectFits,
);

/** Whose tokens stand for a robot's credential; several: any of them. */
export const robotTrust = wholeList(trust, 16);
