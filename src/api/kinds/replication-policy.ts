import { z } from "zod";
import { instant } from "#/api/fields/instants.ts";
import { wholeList } from "#/api/fields/lists.ts";
import { artifactTypesField, namePatternsField, tagPatternsField } from "#/api/fields/patterns.ts";
import { byteQuantity, quantityBytes } from "#/api/fields/quantities.ts";
import { exactlyOne, type Rule, withRules } from "#/api/fields/rules.ts";
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
import { replicationRemote } from "./replication-remote.ts";

const leading = z
	.string()
	.max(255)
	.regex(
		/^([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)?$/,
		"expected leading components of a repository's name",
	);

const filters = z.object({
	repositories: namePatternsField("repositories, by the whole name that they have at the source")
		.prefault({})
		.describe("Repositories that are copied"),
	tags: tagPatternsField.prefault({}).describe("Tags that are copied"),
	artifactTypes: artifactTypesField,
	platforms: wholeList(
		z
			.string()
			.max(128)
			.regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/, "expected a platform such as linux/amd64"),
		50,
	)
		.min(1)
		.exactOptional()
		.describe("Platforms of images, such as linux/arm64; of an index these alone go, under an index of their own"),
	labels: wholeList(z.string().min(1).max(512), 50)
		.default([])
		.describe("Labels of the image or annotations of the manifest, each KEY or KEY=VALUE, that must all be there"),
});

const trigger = z.object({
	schedule: scheduleField,
	onEvent: z.boolean().default(false).describe("Whether also soon after something changed here; with destination"),
});

const eventsAreHere: Rule<{ readonly destination?: unknown; readonly trigger: { readonly onEvent: boolean } }> = {
	rule: "!self.trigger.onEvent || has(self.destination)",
	message: "onEvent goes with destination: what changes at a source is found by a schedule",
	fieldPath: ".trigger.onEvent",
	holds: (spec) => !spec.trigger.onEvent || spec.destination !== undefined,
};

const SLOWEST = 1_024;

/** The spec of a ReplicationPolicy. */
export const replicationPolicyKindSpec = withRules(
	z.object({
		...policyScope,
		source: replicationRemote.exactOptional().describe("The registry that is copied from, to the projects here"),
		destination: replicationRemote.exactOptional().describe("The registry that the projects here are copied to"),
		filters: filters.prefault({}).describe("What is copied; default: all"),
		rename: wholeList(
			z.object({
				from: leading.describe("What a repository's name at the source begins with, in whole components; empty: all"),
				to: leading.describe("What stands there at the target"),
			}),
			50,
		)
			.default([])
			.describe("What names become at the target: the first that fits counts; default: they stay"),
		mode: z
			.enum(["Copy", "Mirror"])
			.default("Copy")
			.describe("Copy adds and moves; Mirror also takes away what was copied there and has gone at the source"),
		guard: guardField(25, 10),
		trigger: trigger.prefault({}).describe("When it runs"),
		referrers: z
			.boolean()
			.default(true)
			.describe("Whether signatures, SBOMs and other referrers go with what they refer to"),
		bandwidth: byteQuantity
			.refine((amount) => quantityBytes(amount) >= SLOWEST, "expected 1Ki or more")
			.exactOptional()
			.describe("Bytes in a second that it may use, such as 50Mi; 1Ki or more; default: as many as there are"),
		concurrency: z.int32().min(1).max(64).default(4).describe("Transfers at the same time"),
		suspend: suspendField,
	}),
	oneScope,
	exactlyOne("source", "destination"),
	eventsAreHere,
);

const run = z.object({
	...runFields,
	trigger: z.enum(["Schedule", "Request", "Event", "Command"]).describe("What began it"),
	copied: runCount.describe("Artifacts that were not there before"),
	skipped: runCount.describe("Artifacts that were there already"),
	failed: runCount.describe("Artifacts that could not be copied"),
	removed: runCount.describe("Copies that went, as what they were copied from has gone"),
	bytes: runCount.describe("Bytes that were sent"),
});

/** The status of a ReplicationPolicy. */
export const replicationPolicyStatus = z.object({
	...policyStatus(run),
	remote: z.string().max(1_024).exactOptional().describe("Where the other side is"),
	tags: z
		.object({
			inSync: runCount.describe("Tags that are the same on both sides"),
			behind: runCount.describe("Tags that are yet to be copied"),
			diverged: runCount.describe("Tags that somebody else moved at the target"),
		})
		.exactOptional()
		.describe("How far the copies are what the source has, at most a few minutes ago"),
	lagSeconds: runCount
		.exactOptional()
		.describe(
			"For how long what is behind longest has waited; 0: nothing is. Where a source could not be seen whole, at least the time since it last was",
		),
	observedTime: instant.exactOptional().describe("When that was seen"),
});

/** The kind ReplicationPolicy. */
export const replicationPolicyKind = {
	...OURS,
	kind: "ReplicationPolicy",
	plural: "replicationpolicies",
	singular: "replicationpolicy",
	shortNames: ["replp"],
	description: "Keeps repositories the same in two places: copies from another registry, or to one.",
	spec: replicationPolicyKindSpec,
	status: replicationPolicyStatus,
	rules: [],
	columns: [
		{ name: "Registry", type: "string", jsonPath: ".spec.registryRef.name", description: "The Registry it is in" },
		{ name: "Remote", type: "string", jsonPath: ".status.remote", description: "The other side", priority: 1 },
		{ name: "Schedule", type: "string", jsonPath: ".spec.trigger.schedule", description: "When it runs" },
		...RUN_COLUMNS,
		{
			name: "In sync",
			type: "integer",
			jsonPath: ".status.tags.inSync",
			description: "Tags that are the same on both sides",
		},
		{ name: "Behind", type: "integer", jsonPath: ".status.tags.behind", description: "Tags that are yet to be copied" },
		{
			name: "Diverged",
			type: "integer",
			jsonPath: ".status.tags.diverged",
			description: "Tags that somebody else moved",
			priority: 1,
		},
		{ name: "Lag", type: "integer", jsonPath: ".status.lagSeconds", description: "Seconds behind", priority: 1 },
		...NEXT_COLUMNS,
		...LAST_COLUMNS,
	],
	selectableFields: [".spec.registryRef.name"],
	conditions: POLICY_CONDITIONS,
	reasons: POLICY_REASONS,
} as const satisfies KindDefinition;

/** What a ReplicationPolicy asks for, with defaults. */
export type ReplicationPolicyKindSpec = z.output<typeof replicationPolicyKindSpec>;
/** What was observed of a ReplicationPolicy. */
export type ReplicationPolicyStatus = z.output<typeof replicationPolicyStatus>;
/** A ReplicationPolicy. */
export type ReplicationPolicy = Resource<ReplicationPolicyKindSpec, ReplicationPolicyStatus>;

/** Parses an object of kind ReplicationPolicy; never throws. */
export const parseReplicationPolicy: (object: {
	readonly [field: string]: unknown;
}) => ParsedResource<ReplicationPolicy> = resourceParser(replicationPolicyKind);
