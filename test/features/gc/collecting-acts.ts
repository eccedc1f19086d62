// What can happen to a registry that is being collected.
import fc from "fast-check";
import { type RetainedPolicy, retentionPolicies } from "./collecting-policies.ts";

/** Repositories: deletions in those of `b` can be undone, in those of `a` they are for good. */
const NAMES = ["a/1", "a/2", "b/1", "b/2"] as const;
export const TEXTS = ["one", "two!", "three"] as const;
const TAGS = ["v", "w"] as const;
const PROJECTS = ["a", "b"] as const;
const OWNERS = ["one", "two"] as const;

/** A project of the histories: what stands before the slash in the names of its repositories. */
export type CollectedProject = (typeof PROJECTS)[number];
/** Who has a project, or wants to have it; at first that is `one`. */
export type ProjectOwner = (typeof OWNERS)[number];

const name = fc.constantFrom(...NAMES);
const text = fc.constantFrom(...TEXTS);
/** Before which command of a round, or of a sweep, the process dies; undefined: it does not. */
const crash = fc.option(fc.nat({ max: 5 }), { nil: undefined, freq: 2 });
const removals = fc.option(fc.nat({ max: 4 }), { nil: undefined, freq: 3 });
/** Or a second, after which uploads are still held. */
const hours = fc.oneof(
	{ weight: 5, arbitrary: fc.integer({ min: 1, max: 30 }) },
	{ weight: 1, arbitrary: fc.constant(1 / 3600) },
);

/** One thing that happens. */
export type CollectingAct =
	| { readonly do: "push" | "unlink" | "touch"; readonly name: string; readonly text: string }
	| SmallAct
	| { readonly do: "mount"; readonly name: string; readonly text: string; readonly from: string }
	| { readonly do: "abandon"; readonly name: string }
	/** One of the uploads that were left is completed with this text. */
	| { readonly do: "finish"; readonly which: number; readonly text: string }
	/** A project is wanted, for the first time or again, or not any more; another owner may have it, or wait for it. */
	| { readonly do: "want" | "unwant"; readonly project: CollectedProject; readonly owner: ProjectOwner }
	| { readonly do: "pass" | "jump"; readonly hours: number }
	/** `removals`: how many steps of removals are taken at most before links and blobs are looked at; undefined: all. */
	| { readonly do: "collect"; readonly crash: number | undefined; readonly removals: number | undefined }
	| { readonly do: "sweep"; readonly crash: number | undefined }
	/** Somebody else who believes that the lease is theirs takes some steps of removals. */
	| { readonly do: "removal"; readonly steps: number }
	/**
	 * A policy is carried out. The process may die before or after one of its removals; something else may happen before
	 * the first, such as that one of those that go is pushed again.
	 */
	| {
			readonly do: "retain";
			readonly policy: RetainedPolicy;
			readonly crash: number | undefined;
			readonly meanwhile: SmallAct | { readonly do: "repush"; readonly which: number } | undefined;
	  }
	/** Windows that are over end. */
	| { readonly do: "expire" }
	/** A process dies in the middle of a command, and another takes its place. */
	| { readonly do: "restart" }
	/** All connections to the database break. */
	| { readonly do: "sever" };

/** What one client does. `again`: its answer is lost, and it asks once more. */
export type SmallAct = { readonly again: boolean } & (
	| { readonly do: "put"; readonly name: string; readonly text: string; readonly tags: readonly string[] }
	/** Some manifest of those that are there. */
	| { readonly do: "remove"; readonly which: number }
	/** Some manifest of those that were deleted and could be restored once. */
	| { readonly do: "restore"; readonly which: number }
	| { readonly do: "removeTag"; readonly name: string; readonly tag: string }
);

const act = (...kinds: readonly ("push" | "unlink" | "touch")[]) =>
	fc.record({ do: fc.constantFrom(...kinds), name, text });
const again = fc.nat({ max: 4 }).map((each) => each === 0);
const some = (kind: "remove" | "restore") => fc.record({ do: fc.constant(kind), which: fc.nat({ max: 9 }), again });
const owned = (kind: "want" | "unwant", owners: readonly ProjectOwner[]) =>
	fc.record({ do: fc.constant(kind), project: fc.constantFrom(...PROJECTS), owner: fc.constantFrom(...owners) });
const alone = (kind: "expire" | "restart" | "sever") => fc.record({ do: fc.constant(kind) });

const small: fc.Arbitrary<SmallAct> = fc.oneof(
	{ weight: 4, arbitrary: some("remove") },
	{ weight: 2, arbitrary: some("restore") },
	{
		weight: 7,
		arbitrary: fc.record({ do: fc.constant("put" as const), name, text, tags: fc.subarray([...TAGS]), again }),
	},
	{
		weight: 1,
		arbitrary: fc.record({ do: fc.constant("removeTag" as const), name, tag: fc.constantFrom(...TAGS), again }),
	},
);
const retain = fc.record({
	do: fc.constant("retain" as const),
	policy: retentionPolicies,
	crash: fc.option(fc.nat({ max: 5 }), { nil: undefined, freq: 2 }),
	meanwhile: fc.option(fc.oneof(small, fc.record({ do: fc.constant("repush" as const), which: fc.nat({ max: 9 }) })), {
		nil: undefined,
		freq: 2,
	}),
});

/** A project is deleted, and what it had is looked at when it is half removed. */
const removalStory = fc
	.record({
		project: fc.constantFrom(...PROJECTS),
		hours: fc.integer({ min: 21, max: 30 }),
		steps: fc.integer({ min: 2, max: 5 }),
		removals: fc.nat({ max: 2 }),
	})
	.map(({ project, hours, steps, removals }): readonly CollectingAct[] => [
		{ do: "unwant", project, owner: "one" },
		{ do: "pass", hours },
		{ do: "removal", steps },
		{ do: "collect", crash: undefined, removals },
	]);

const anyAct: fc.Arbitrary<CollectingAct> = fc.oneof(
	{ weight: 4, arbitrary: act("push", "unlink", "touch") },
	{ weight: 14, arbitrary: small },
	{ weight: 4, arbitrary: retain },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("mount" as const), name, text, from: name }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("abandon" as const), name }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("finish" as const), which: fc.nat({ max: 9 }), text }) },
	{ weight: 2, arbitrary: owned("unwant", ["one", "one", "two"]) },
	{ weight: 2, arbitrary: owned("want", ["one", "one", "one", "two"]) },
	{ weight: 4, arbitrary: fc.record({ do: fc.constant("pass" as const), hours: hours }) },
	{ weight: 1, arbitrary: fc.record({ do: fc.constant("jump" as const), hours: fc.integer({ min: -72, max: 72 }) }) },
	{ weight: 3, arbitrary: fc.record({ do: fc.constant("collect" as const), crash, removals }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("sweep" as const), crash }) },
	{ weight: 2, arbitrary: fc.record({ do: fc.constant("removal" as const), steps: fc.integer({ min: 2, max: 5 }) }) },
	{ weight: 1, arbitrary: alone("expire") },
	{ weight: 1, arbitrary: alone("restart") },
	{ weight: 1, arbitrary: alone("sever") },
);

/** Any history. */
export const collectingHistories: fc.Arbitrary<readonly CollectingAct[]> = fc
	.array(
		fc.oneof(
			{ weight: 40, arbitrary: anyAct.map((each): readonly CollectingAct[] => [each]) },
			{ weight: 1, arbitrary: removalStory },
		),
		{ minLength: 1, maxLength: 60, size: "max" },
	)
	.map((parts) => parts.flat());

/**
 * Histories in which links and blobs are looked at while a project is half removed, which lot alone may not bring about in
 * the time that there is: between two steps, after a crash, and beside somebody who is at it too.
 */
export const halfRemovals: readonly (readonly CollectingAct[])[] = [true, false].map((isMounted) => [
	{ do: "put", name: "b/1", text: "one", tags: ["v", "w"], again: false },
	{ do: "put", name: "b/2", text: "two!", tags: ["v"], again: false },
	{ do: "push", name: "b/1", text: "three" },
	...(isMounted ? [{ do: "mount", name: "a/1", text: "one", from: "b/1" } as const] : []),
	{ do: "put", name: "a/1", text: "one", tags: ["v"], again: false },
	{ do: "put", name: "b/2", text: "one", tags: ["w"], again: false },
	{ do: "remove", which: 1, again: false },
	{ do: "abandon", name: "b/1" },
	{ do: "unwant", project: "b", owner: "one" },
	{ do: "pass", hours: 21 },
	{ do: "removal", steps: 4 },
	{ do: "pass", hours: 1 },
	...(isMounted ? [{ do: "want", project: "b", owner: "one" } as const] : []),
	{ do: "collect", crash: undefined, removals: 1 },
	{ do: "pass", hours: 25 },
	{ do: "collect", crash: 1, removals: undefined },
	{ do: "collect", crash: undefined, removals: 0 },
	{ do: "removal", steps: 1 },
	{ do: "collect", crash: undefined, removals: 1 },
	{ do: "sweep", crash: undefined },
	{ do: "collect", crash: undefined, removals: undefined },
	{ do: "put", name: "b/1", text: "one", tags: ["v"], again: false },
]);

/**
 * What may happen while the collector or retention is at work elsewhere: what takes no time and needs neither itself, but
 * that two may be removing the same project.
 */
export const mayOverlap = (work: CollectingAct, happening: CollectingAct): boolean => {
	if (work.do === "retain") return happening.do === "sever";
	if (work.do === "removal") return happening.do === "collect" || isClient(happening);
	const isWork = work.do === "collect" || work.do === "sweep";
	return isWork && (happening.do === "removal" || isClient(happening));
};

const isClient = ({ do: kind }: CollectingAct): boolean =>
	!["pass", "jump", "collect", "removal", "sweep", "restart"].includes(kind);
