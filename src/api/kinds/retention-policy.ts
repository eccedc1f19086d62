import { z } from "zod";
import { atLeast, duration } from "#/api/fields/durations.ts";
import { listMap, wholeList } from "#/api/fields/lists.ts";
import { artifactTypesField, namePatternsField, tagPatternsField } from "#/api/fields/patterns.ts";
import { type Rule, withRules } from "#/api/fields/rules.ts";
import { type KindDefinition, LAST_COLUMNS, OURS } from "./kind-definition.ts";
import { type ParsedResource, type Resource, resourceParser } from "./parse-resource.ts";
import {
	guardField,
	NEXT_COLUMNS,
	oneScope,
	POLICY_CONDITIONS,
	POLICY_REASONS,
	policyScope,
	policyStatus,
	RUN_COLUMNS,
	runCount,
	runFields,
	scheduleField,
	suspendField,
} from "./policy-scope.ts";

const newest = (what: string) =>
	z
		.int32()
		.min(1)
		.max(1_000_000)
		.exactOptional()
		.describe(`Among so many of the rule's artifacts in a repository that were ${what} last`);

const within = (what: string) =>
	withRules(duration, atLeast("1s")).exactOptional().describe(`${what} at most so long ago, such as 30d`);

const CONDITIONS = [
	"latestPushed",
	"latestPulled",
	"latestActive",
	"pushedWithin",
	"pulledWithin",
	"activeWithin",
	"always",
] as const;

const keepsSomething: Rule<{ readonly [name in (typeof CONDITIONS)[number]]?: unknown }> = {
	rule: CONDITIONS.map((name) => (name === "always" ? "(has(self.always) && self.always)" : `has(self.${name})`)).join(
		" || ",
	),
	message: `expected at least one of ${CONDITIONS.join(", ")}`,
	holds: (keep) => CONDITIONS.some((name) => keep[name] !== undefined && keep[name] !== false),
};

const keep = withRules(
	z.object({
		latestPushed: newest("pushed"),
		latestPulled: newest("pulled"),
		latestActive: newest("pushed or pulled"),
		pushedWithin: within("Pushed"),
		pulledWithin: within("Pulled"),
		activeWithin: within("Pushed or pulled"),
		always: z.boolean().exactOptional().describe("Whatever its age"),
	}),
	keepsSomething,
);

const rule = z.object({
	name: z
		.string()
		.min(1)
		.max(63)
		.regex(/^[A-Za-z0-9]([A-Za-z0-9._ -]*[A-Za-z0-9])?$/, "expected letters, digits, spaces, dashes, dots, underscores")
		.describe("What explanations call the rule"),
	repositories: namePatternsField("repositories, without the project before them")
		.prefault({})
		.describe("Repositories that the rule is about"),
	tags: tagPatternsField.prefault({}).describe("Tags that the rule is about"),
	untagged: z
		.enum(["Include", "Exclude", "Only"])
		.exactOptional()
		.describe("Artifacts without tags: they too, not they, or they alone; default: they too, unless tags are excluded"),
	artifactTypes: artifactTypesField,
	keep: keep.describe("Why an artifact stays; all that is given must hold"),
});

const protect = z.object({
	signed: z.boolean().default(false).describe("Artifacts that have a signature among their referrers"),
	annotations: wholeList(z.string().min(1).max(512), 100)
		.default([])
		.describe("Artifacts with one of these annotations, each KEY or KEY=VALUE"),
});

/** The spec of a RetentionPolicy. */
export const retentionPolicyKindSpec = withRules(
	z.object({
		...policyScope,
		rules: listMap(rule, ["name"], 15)
			.min(1)
			.describe("What stays: what no rule keeps goes, in the repositories that a rule is about; others are left alone"),
		protect: protect.prefault({}).describe("What stays whatever the rules say, beside immutable and referenced ones"),
		schedule: scheduleField,
		dryRun: z.boolean().default(false).describe("Whether to say what would go, and to take away nothing"),
		guard: guardField(50, 20),
		suspend: suspendField,
	}),
	oneScope,
);

const run = z.object({
	...runFields,
	trigger: z.enum(["Schedule", "Request", "Command"]).describe("What began it"),
	dryRun: z.boolean().describe("Whether it only said what would go"),
	looked: runCount.describe("Artifacts that the policy is about"),
	kept: runCount.describe("Artifacts that stay"),
	removed: runCount.describe("Artifacts that went; in a dry run: that would go"),
	bytes: runCount.describe("Bytes of those that went"),
	byRule: wholeList(
		z.object({
			rule: z.string().max(63).describe("Name of the rule"),
			kept: runCount.describe("Artifacts that it keeps"),
		}),
		15,
	)
		.default([])
		.describe("What each rule keeps"),
});

/** Tags that are named of one artifact at most. */
export const MAX_EXPLAINED_TAGS = 10;

const decision = z.object({
	repository: z.string().max(255).describe("Repository of the artifact"),
	digest: z.string().max(255).describe("Digest of the artifact"),
	tags: wholeList(z.string().max(128), MAX_EXPLAINED_TAGS).default([]).describe("Some of its tags"),
	keep: z.boolean().describe("Whether it stays"),
	rule: z.string().max(63).exactOptional().describe("Name of the rule that keeps it"),
	why: z.string().max(1_024).describe("Why it stays or goes"),
});

/** The status of a RetentionPolicy. */
export const retentionPolicyStatus = z.object({
	...policyStatus(run),
	explain: wholeList(decision, 20)
		.default([])
		.describe("Why artifacts go by the last run, the first of them; limani retention explain tells the rest"),
});

/** The kind RetentionPolicy. */
export const retentionPolicyKind = {
	...OURS,
	kind: "RetentionPolicy",
	plural: "retentionpolicies",
	singular: "retentionpolicy",
	shortNames: ["retp"],
	description: "What stays in the repositories of projects, and so what goes, and when.",
	spec: retentionPolicyKindSpec,
	status: retentionPolicyStatus,
	rules: [],
	columns: [
		{ name: "Registry", type: "string", jsonPath: ".spec.registryRef.name", description: "The Registry it is in" },
		{ name: "Schedule", type: "string", jsonPath: ".spec.schedule", description: "When it runs" },
		...RUN_COLUMNS,
		{
			name: "Removed",
			type: "integer",
			jsonPath: ".status.runs[0].removed",
			description: "Artifacts that went in the last run",
		},
		{
			name: "Kept",
			type: "integer",
			jsonPath: ".status.runs[0].kept",
			description: "Artifacts that stayed in the last run",
			priority: 1,
		},
		...NEXT_COLUMNS,
		...LAST_COLUMNS,
	],
	selectableFields: [".spec.registryRef.name"],
	conditions: POLICY_CONDITIONS,
	reasons: POLICY_REASONS,
} as const satisfies KindDefinition;

/** What a RetentionPolicy asks for, with defaults. */
export type RetentionPolicyKindSpec = z.output<typeof retentionPolicyKindSpec>;
/** What was observed of a RetentionPolicy. */
export type RetentionPolicyStatus = z.output<typeof retentionPolicyStatus>;
/** A RetentionPolicy. */
export type RetentionPolicy = Resource<RetentionPolicyKindSpec, RetentionPolicyStatus>;

/** Parses an object of kind RetentionPolicy; never throws. */
export const parseRetentionPolicy: (object: { readonly [field: string]: unknown }) => ParsedResource<RetentionPolicy> =
	resourceParser(retentionPolicyKind);
