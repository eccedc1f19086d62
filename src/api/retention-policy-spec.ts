import { z } from "zod";
import { cronSchedule, namePatterns, policyProjects, tagPatterns, typePatterns } from "./policy-selectors.ts";

const count = z.int().min(1).max(1_000_000);
/** Milliseconds. */
const age = z.int().min(1).max(1e13);

/** Why an artifact is kept. All that are given must hold. Counts are of the rule's artifacts, in each repository. */
const keep = z
	.strictObject({
		/** Among so many that were pushed last. */
		latestPushed: count.exactOptional(),
		/** Among so many that were pulled last; what was never pulled comes last of all. */
		latestPulled: count.exactOptional(),
		/** Among so many that were pushed or pulled last. */
		latestActive: count.exactOptional(),
		pushedWithin: age.exactOptional(),
		pulledWithin: age.exactOptional(),
		/** Pushed or pulled. */
		activeWithin: age.exactOptional(),
		always: z.literal(true).exactOptional(),
	})
	.refine((given) => Object.keys(given).length > 0, "expected at least one condition");

const rule = z.strictObject({
	/** For people, in explanations. */
	name: z.string().min(1).max(63),
	repositories: namePatterns.prefault({}),
	tags: tagPatterns.prefault({}),
	/**
	 * Artifacts without tags: they too, not they, or they alone. Absent: they too, also where tags are excluded, for what
	 * is excluded are tags.
	 */
	untagged: z.enum(["Include", "Exclude", "Only"]).exactOptional(),
	/** Media types of artifacts (`artifactType`, or that of the config), as globs; absent: all. */
	artifactTypes: typePatterns.min(1).exactOptional(),
	keep,
});

/**
 * A retention policy as it crosses Control. In a repository that some rule is about, what no rule keeps goes; a
 * repository that no rule is about is left alone.
 */
export const retentionPolicySpec = z.strictObject({
	/** `namespace/name`, for people. */
	name: z.string().min(1).max(317),
	projects: policyProjects,
	rules: z.array(rule).min(1).max(15),
	protect: z
		.strictObject({
			/** Artifacts that have a signature among their referrers. */
			signed: z.boolean().default(false),
			/** Artifacts with one of these annotations, each `key` or `key=value`. */
			annotations: z.array(z.string().min(1).max(512)).max(100).default([]),
		})
		.prefault({}),
	/** Absent: only when asked for. */
	schedule: cronSchedule.exactOptional(),
	dryRun: z.boolean().default(false),
	suspend: z.boolean().default(false),
	/** A run that would take away more than this share of what it looks at stops before the first. */
	guard: z
		.strictObject({
			/** Percent of the artifacts that the policy is about. */
			maxShare: z.int().min(1).max(100).default(50),
			/** Fewer than so many are never too many. */
			minimum: z.int().min(0).max(1_000_000).default(20),
		})
		.prefault({}),
	/** Another word than the last one asks for a run now. */
	requestedAt: z.string().min(1).max(128).exactOptional(),
});

/** A retention policy, with its defaults. */
export type RetentionPolicySpec = z.output<typeof retentionPolicySpec>;
/** One of its rules. */
export type RetentionRule = RetentionPolicySpec["rules"][number];
