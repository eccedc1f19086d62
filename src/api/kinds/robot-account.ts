import { z } from "zod";
import { atLeast, duration, durationMs, secondsCel } from "#/api/fields/durations.ts";
import { instant } from "#/api/fields/instants.ts";
import { wholeList } from "#/api/fields/lists.ts";
import { registryRef, secretRef } from "#/api/fields/references.ts";
import { type CelRule, immutable, type Rule, withRules } from "#/api/fields/rules.ts";
import { COMMON_CONDITIONS, COMMON_REASONS, commonStatus } from "#/api/fields/status.ts";
import { type KindDefinition, LAST_COLUMNS, OURS } from "./kind-definition.ts";
import { type ParsedResource, type Resource, resourceParser } from "./parse-resource.ts";
import { robotSecret } from "./robot-secret.ts";
import { robotTrust } from "./robot-trust.ts";

const projectGlob = z
	.string()
	.min(1)
	.max(255)
	.regex(/^[a-z0-9._*?-]+$/, "expected the name of a project, or a glob with * and ?");

const repositoryGlob = z
	.string()
	.min(1)
	.max(255)
	.regex(/^[a-z0-9._/*?-]+$/, "expected the name of a repository, or a glob with *, ** and ?");

const permission = z.object({
	project: projectGlob.describe(
		"Name of the project in the Registry (its projectName), or a glob over names; a glob finds those that may be named",
	),
	repositories: wholeList(repositoryGlob, 200)
		.min(1)
		.exactOptional()
		.describe("Names or globs of repositories, without the project before them; default: all"),
	actions: wholeList(z.enum(["pull", "push", "delete"]), 3)
		.min(1)
		.describe("What the robot may do there"),
});

const graceFits: Rule<{ readonly interval?: string; readonly gracePeriod: string }> = {
	rule: `!has(self.interval) || ${secondsCel("self.gracePeriod")} <= ${secondsCel("self.interval")}`,
	message: "gracePeriod must not be longer than interval: a robot has two credentials at most",
	fieldPath: ".gracePeriod",
	holds: ({ interval, gracePeriod }) => interval === undefined || durationMs(gracePeriod) <= durationMs(interval),
};

const rotation = withRules(
	z.object({
		interval: withRules(duration, atLeast("1m"))
			.exactOptional()
			.describe("How old a credential gets, such as 30d; 1m or more; default: only replaced when that is asked for"),
		gracePeriod: duration.default("1h").describe("How long the previous credential still works, so that nobody fails"),
	}),
	graceFits,
);

const hasCredential: Rule<{ readonly trust: readonly unknown[]; readonly secret: { readonly type: string } }> = {
	rule: "self.secret.type != 'None' || self.trust.size() > 0",
	message: "nobody could be a robot without a Secret that trusts nobody: give trust, or another secret.type",
	fieldPath: ".secret.type",
	holds: ({ trust, secret }) => secret.type !== "None" || trust.length > 0,
};

const fields = z.object({
	registryRef: withRules(registryRef, immutable("registryRef")).describe("The Registry that the robot is in"),
	permissions: wholeList(permission, 200).default([]).describe("What the robot may do"),
	expirationTime: instant.exactOptional().describe("When the robot ceases to work; default: never"),
	rotation: rotation.prefault({}).describe("When the robot gets a new credential"),
	secret: robotSecret.prefault({}).describe("Where the credential is kept"),
	trust: robotTrust
		.default([])
		.describe("Whose own tokens are as good as the credential, so that no Secret is needed; one of them is enough"),
	suspend: z.boolean().default(false).describe("Whether to leave the robot as it is, whatever is changed here"),
});

/** The spec of a RobotAccount. */
export const robotAccountSpec = withRules(fields, hasCredential);

/** The status of a RobotAccount. */
export const robotAccountStatus = z.object({
	...commonStatus,
	fullName: z.string().max(512).exactOptional().describe("What the robot logs in with"),
	secretRef: secretRef.exactOptional().describe("The Secret that holds the credential"),
	lastRotationTime: instant.exactOptional().describe("When the present credential was made"),
	nextRotationTime: instant.exactOptional().describe("When the next credential is due"),
	previousCredentialRevokeTime: instant
		.exactOptional()
		.describe("When the previous credential ceases to work; absent: there is none"),
	expirationTime: instant.exactOptional().describe("When the robot ceases to work"),
	copies: z.int32().min(0).exactOptional().describe("How many other namespaces have a copy of the Secret"),
});

const nameFits: CelRule = {
	rule: "self.metadata.name.size() <= 63",
	message: "the name must be at most 63 characters long: it becomes a label's value",
};

/** The types of a RobotAccount's conditions. */
export const ROBOT_ACCOUNT_CONDITIONS = COMMON_CONDITIONS;

/** The reasons of a RobotAccount's conditions. */
export const ROBOT_ACCOUNT_REASONS = {
	...COMMON_REASONS,
	NameTaken: "Another owner has a claim on the robot's name in this Registry.",
	Expired: "spec.expirationTime has passed; the robot no longer works.",
} as const;

/** The kind RobotAccount. */
export const robotAccountKind = {
	...OURS,
	kind: "RobotAccount",
	plural: "robotaccounts",
	singular: "robotaccount",
	shortNames: ["robot"],
	description: "A machine's identity in a registry: what it may do, and a Secret with its credential.",
	spec: robotAccountSpec,
	status: robotAccountStatus,
	rules: [nameFits],
	columns: [
		{ name: "Registry", type: "string", jsonPath: ".spec.registryRef.name", description: "The Registry it is in" },
		{ name: "Secret", type: "string", jsonPath: ".status.secretRef.name", description: "Where its credential is" },
		{
			name: "User",
			type: "string",
			jsonPath: ".status.fullName",
			description: "What it logs in with",
			priority: 1,
		},
		{
			name: "Rotation",
			type: "string",
			jsonPath: ".status.nextRotationTime",
			description: "When the next credential is due",
			priority: 1,
		},
		{
			name: "Expires",
			type: "string",
			jsonPath: ".status.expirationTime",
			description: "When it ceases to work",
			priority: 1,
		},
		...LAST_COLUMNS,
	],
	selectableFields: [".spec.registryRef.name"],
	conditions: ROBOT_ACCOUNT_CONDITIONS,
	reasons: ROBOT_ACCOUNT_REASONS,
} as const satisfies KindDefinition;

/** What a RobotAccount asks for, with defaults. */
export type RobotAccountSpec = z.output<typeof robotAccountSpec>;
/** What was observed of a RobotAccount. */
export type RobotAccountStatus = z.output<typeof robotAccountStatus>;
/** A RobotAccount. */
export type RobotAccount = Resource<RobotAccountSpec, RobotAccountStatus>;
/** A word of {@link ROBOT_ACCOUNT_CONDITIONS}. */
export type RobotAccountCondition = keyof typeof ROBOT_ACCOUNT_CONDITIONS;
/** A word of {@link ROBOT_ACCOUNT_REASONS}. */
export type RobotAccountReason = keyof typeof ROBOT_ACCOUNT_REASONS;

/** Parses an object of kind RobotAccount; never throws. */
export const parseRobotAccount: (object: { readonly [field: string]: unknown }) => ParsedResource<RobotAccount> =
	resourceParser(robotAccountKind);

/** What the robot logs in with: unique in the Registry, since namespaces are. */
export const robotFullName = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
	`robot$${namespace}+${name}`;
