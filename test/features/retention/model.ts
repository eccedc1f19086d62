// Random repositories and policies, and a plain reading of what a policy means.
import fc from "fast-check";
import type { policyOf } from "./planned.ts";

/** An artifact as the model sees it. Children and subject are by name, and were pushed before. */
export interface ModelArtifact {
	readonly name: string;
	tags: string[];
	readonly pushedAt: number;
	readonly pulledAt: number | undefined;
	readonly children: readonly string[];
	readonly subject: string | undefined;
	readonly isSignature: boolean;
	readonly annotations: Readonly<Record<string, string>> | undefined;
}

type Spec = ReturnType<typeof policyOf>;

/** Tags that are immutable in the histories. */
export const IMMUTABLE = "keep-*";
const TAGS = ["v1.0.0", "v1.1.0", "v2.0.0", "latest", "nightly-1", "nightly-2", "keep-1"] as const;
/** When the first artifact of a history is pushed, and between what instants they are pulled. */
export const BEGIN = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

/** What is pushed, in order: names are indices; what it names is by how many places before. */
export const pushes = fc.array(
	fc.record({
		tags: fc.uniqueArray(fc.constantFrom(...TAGS), { maxLength: 2 }),
		later: fc.integer({ min: 0, max: 3 }),
		pulled: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
		children: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 2 }),
		subject: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 3 }),
		isSignature: fc.boolean(),
		annotated: fc.boolean(),
	}),
	{ minLength: 1, maxLength: 14, size: "max" },
);

/** The artifacts that pushes leave in a repository: a tag is on the last that was pushed with it. */
export const artifactsOf = (pushed: Pushes): readonly ModelArtifact[] => {
	const artifacts: ModelArtifact[] = [];
	let at = BEGIN;
	for (const [i, { tags, later, pulled, children, subject, isSignature, annotated }] of pushed.entries()) {
		at += later * MINUTE;
		const isTaken = (tag: (typeof TAGS)[number]) =>
			tag.startsWith("keep") && artifacts.some((one) => one.tags.includes(tag));
		const own = tags.filter((tag) => !isTaken(tag));
		for (const other of artifacts) other.tags = other.tags.filter((tag) => !own.some((mine) => mine === tag));
		artifacts.push({
			name: `${i}`,
			tags: own.toSorted(),
			pushedAt: at,
			pulledAt: pulled === undefined ? undefined : BEGIN + pulled * MINUTE,
			children: [...new Set(children.map((back) => i - back).filter((place) => place >= 0))].map(String),
			subject: subject === undefined || i - subject < 0 ? undefined : `${i - subject}`,
			isSignature: isSignature && subject !== undefined,
			annotations: annotated ? { pin: "yes" } : undefined,
		});
	}
	return artifacts;
};

/** A history of pushes. */
export type Pushes = typeof pushes extends fc.Arbitrary<infer T> ? T : never;

const count = fc.integer({ min: 1, max: 5 });
const age = fc.integer({ min: 1, max: 40 }).map((minutes) => minutes * MINUTE);
const keep = fc
	.record(
		{
			latestPushed: count,
			latestPulled: count,
			latestActive: count,
			pushedWithin: age,
			pulledWithin: age,
			activeWithin: age,
			always: fc.constant(true),
		},
		{ requiredKeys: [] },
	)
	.filter((conditions) => Object.keys(conditions).length > 0);
const rule = fc.record(
	{
		tags: fc.record(
			{
				matching: fc.constantFrom(["**"], ["v*"], ["{latest,nightly-*}"], ["none"]),
				excluding: fc.constantFrom([], ["v1*"], ["latest", "nightly-2"]),
				regex: fc.constantFrom("v[0-9.]*", "n.*"),
				semver: fc.constantFrom(">=1.1.0", "<2"),
			},
			{ requiredKeys: ["matching"] },
		),
		untagged: fc.constantFrom("Include", "Exclude", "Only"),
		keep,
	},
	{ requiredKeys: ["keep"] },
);

/** Rules, and what else a policy says. */
export const policies = fc.record({
	rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
	more: fc.record({
		protect: fc.record({ signed: fc.boolean(), annotations: fc.constantFrom([], ["pin"], ["pin=no"]) }),
		guard: fc.constant({ maxShare: 100 }),
	}),
});

/** Names of what stays: said as plainly as can be, whatever it costs. */
export const modelKept = (
	artifacts: readonly ModelArtifact[],
	{ rules, protect }: Spec,
	now: number,
	digestOf: (name: string) => string,
): readonly string[] => {
	const anchorsOf = (one: ModelArtifact) =>
		artifacts.filter(
			({ name, children }) => children.includes(one.name) || (name === one.subject && !one.children.includes(name)),
		);
	const isJudged = (one: ModelArtifact) => one.tags.length > 0 || anchorsOf(one).length === 0;
	const isSigned = (one: ModelArtifact) =>
		artifacts.some((other) => other.subject === one.name && other.isSignature && !other.children.includes(one.name));
	const pulledOf = (one: ModelArtifact) => one.pulledAt ?? Number.NEGATIVE_INFINITY;
	const orders = {
		Pushed: (one: ModelArtifact) => one.pushedAt,
		Pulled: pulledOf,
		Active: (one: ModelArtifact) => Math.max(one.pushedAt, pulledOf(one)),
	};
	const comesBefore = (by: keyof typeof orders, a: ModelArtifact, b: ModelArtifact): boolean => {
		if (orders[by](a) !== orders[by](b)) return orders[by](a) > orders[by](b);
		if (a.pushedAt !== b.pushedAt) return a.pushedAt > b.pushedAt;
		return digestOf(a.name) < digestOf(b.name);
	};
	const keptBy = (one: ModelArtifact, each: Spec["rules"][number]): boolean => {
		const rivals = artifacts.filter((other) => isJudged(other) && isSelected(other, each));
		if (!rivals.includes(one)) return false;
		const among = (by: keyof typeof orders, n = Number.POSITIVE_INFINITY) =>
			rivals.filter((other) => comesBefore(by, other, one)).length < n;
		const within = (by: keyof typeof orders, ms = Number.POSITIVE_INFINITY) =>
			ms === Number.POSITIVE_INFINITY || orders[by](one) >= now - ms;
		const { latestPushed, latestPulled, latestActive, pushedWithin, pulledWithin, activeWithin } = each.keep;
		return [
			among("Pushed", latestPushed),
			among("Pulled", latestPulled),
			among("Active", latestActive),
			within("Pushed", pushedWithin),
			within("Pulled", pulledWithin),
			within("Active", activeWithin),
		].every(Boolean);
	};
	const isProtected = (one: ModelArtifact): boolean =>
		(protect.signed && isSigned(one)) ||
		one.tags.some((tag) => tag.startsWith("keep-")) ||
		(protect.annotations.includes("pin") && one.annotations !== undefined);
	const isKept = (one: ModelArtifact) => isProtected(one) || rules.some((each) => keptBy(one, each));
	// What hangs on itself in a circle does not go.
	const goes = (one: ModelArtifact, path: readonly ModelArtifact[]): boolean =>
		!path.includes(one) && !isKept(one) && anchorsOf(one).every((anchor) => goes(anchor, [...path, one]));
	return artifacts.filter((one) => !goes(one, [])).map(({ name }) => name);
};

/** The patterns of {@link policies}, each by itself. */
const PATTERNS: Readonly<Record<string, (tag: string) => boolean>> = {
	"**": () => true,
	"v*": (tag) => tag.startsWith("v"),
	"{latest,nightly-*}": (tag) => tag === "latest" || tag.startsWith("nightly-"),
	none: () => false,
	"v1*": (tag) => tag.startsWith("v1"),
	latest: (tag) => tag === "latest",
	"nightly-2": (tag) => tag === "nightly-2",
	"v[0-9.]*": (tag) => tag.startsWith("v"),
	"n.*": (tag) => tag.startsWith("n"),
	">=1.1.0": (tag) => tag === "v1.1.0" || tag === "v2.0.0",
	"<2": (tag) => tag.startsWith("v1"),
};

const isLike = (tag: string, pattern: string | undefined): boolean =>
	pattern === undefined || PATTERNS[pattern]?.(tag) === true;

const isSelected = (
	{ tags }: ModelArtifact,
	{ tags: wanted, untagged = "Include" }: Spec["rules"][number],
): boolean => {
	if (tags.length === 0) return untagged !== "Exclude";
	const isMatched = (tag: string) =>
		wanted.matching.some((pattern) => isLike(tag, pattern)) && isLike(tag, wanted.regex) && isLike(tag, wanted.semver);
	const isExcluded = (tag: string) => wanted.excluding.some((pattern) => isLike(tag, pattern));
	return untagged !== "Only" && tags.some(isMatched) && tags.some((tag) => !isExcluded(tag));
};
