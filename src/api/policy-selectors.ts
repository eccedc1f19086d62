import { Cron } from "croner";
import { RE2JS } from "re2js";
import { Range } from "semver";
import { z } from "zod";
import { explainBadPattern, weighPatterns } from "#/lib/doublestar.ts";
import { expressionSize } from "#/lib/expression-size.ts";

/** Repository names and tags are at most 255 and 128 characters, and no pattern needs to be longer than they can be. */
const MAX_PATTERN_LENGTH = 512;

const pattern = z.string().min(1).max(MAX_PATTERN_LENGTH);

/** A pattern as `lib/doublestar.ts` reads it. */
export const globPattern = pattern.superRefine((text, context) => {
	const fault = explainBadPattern(text);
	if (fault !== undefined) context.addIssue({ code: "custom", message: `expected a pattern: ${fault}` });
});

/** What patterns of one list may stand for together, in characters: each name and tag is held against all of them. */
const MAX_WEIGHT = 8_192;

/** Whether patterns are few and short enough to be held against names by the hundred thousand. */
export const areLight = (list: readonly string[]): boolean => weighPatterns(list) <= MAX_WEIGHT;

/** What is said of those that are not. */
export const TOO_HEAVY = `expected patterns that stand for at most ${MAX_WEIGHT} characters together, their braces written out`;

const patterns = z.array(globPattern).max(100).refine(areLight, TOO_HEAVY);

/** Media types, by globs. */
export const typePatterns = z.array(globPattern.max(255)).max(100).refine(areLight, TOO_HEAVY);

/** Counted repetitions are written out, and would fill the memory by the thousand. */
const MAX_EXPRESSION_SIZE = 1_000;

const isRegex = (text: string): boolean => {
	if (expressionSize(text) > MAX_EXPRESSION_SIZE) return false;
	try {
		RE2JS.compile(text);
		return true;
	} catch {
		return false;
	}
};

const isRange = (text: string): boolean => {
	try {
		return new Range(text) !== undefined;
	} catch {
		return false;
	}
};

const isCron = (text: string): boolean => {
	if (text.trim().split(/\s+/).length !== 5) return false;
	try {
		return new Cron(text, { paused: true, timezone: "UTC", mode: "5-part" }).nextRun() !== null;
	} catch {
		return false;
	}
};

/** A schedule: five fields of cron, in UTC. */
export const cronSchedule = z
	.string()
	.max(256)
	.refine(isCron, "expected the five fields of cron, in UTC, such as 0 3 * * *");

/** {@link cronSchedule}, in the form that a pattern can tell. */
export const cronFields = cronSchedule.regex(
	/^ *[^ ]+( +[^ ]+){4} *$/,
	"expected the five fields of cron, in UTC, such as 0 3 * * *",
);

/** Names: those that a pattern of `matching` matches and none of `excluding`. Globs as `lib/doublestar.ts` reads them. */
export const namePatterns = z.strictObject({
	matching: patterns.min(1).default(["**"]),
	excluding: patterns.default([]),
});

/** Tags: as {@link namePatterns}, and that match the expression and lie in the range, where those are given. */
export const tagPatterns = z.strictObject({
	matching: patterns.min(1).default(["**"]),
	excluding: patterns.default([]),
	/** In RE2's syntax; it must match the whole tag. */
	regex: pattern
		.refine(
			isRegex,
			`expected a regular expression in RE2's syntax, with no more than ${MAX_EXPRESSION_SIZE} characters once its repetitions are written out`,
		)
		.exactOptional(),
	/** A range of semantic versions in npm's syntax; a leading `v` of a tag is passed over. */
	semver: pattern.refine(isRange, "expected a range of semantic versions, such as >=1.2.0 <2").exactOptional(),
});

/**
 * The projects that a policy is about. By uid where its owner names Projects, so that it never comes to act on another
 * project that got the name; by name alone where it comes from the Registry's own namespace.
 */
export const policyProjects = z.union([
	z.strictObject({ uids: z.array(z.string().min(1).max(128)).max(10_000) }),
	z.strictObject({ names: namePatterns }),
]);

/** Names, by patterns. */
export type NamePatterns = z.output<typeof namePatterns>;
/** Tags, by patterns. */
export type TagPatterns = z.output<typeof tagPatterns>;
/** The projects that a policy is about. */
export type PolicyProjects = z.output<typeof policyProjects>;
