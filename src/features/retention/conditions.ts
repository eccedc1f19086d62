import type { RetentionRule } from "#/api/retention-policy-spec.ts";
import type { Fact } from "./fact.ts";

/** Why a rule may keep an artifact: one of its conditions, with its count found out for one repository. */
export interface Condition {
	/** After "it is" and "it is not". */
	readonly words: string;
	holds(fact: Fact): boolean;
}

/** By what the last ones come first. */
type Order = "pushed" | "pulled" | "active";

/**
 * The last one that is still among the `n` that come first; absent when there are no more than `n`. Nothing is put in
 * order but numbers, which is quick, so that requests do not wait for it.
 *
 * @param facts in byte order of the digest
 */
const nthOf = (facts: readonly Fact[], order: Order, n: number): Fact | undefined =>
	facts.length <= n
		? undefined
		: nthBy(facts, [(fact) => instantOf(fact, order) ?? NEVER, ({ pushedAt }) => pushedAt], n);

const nthBy = (
	facts: readonly Fact[],
	[instant, ...finer]: readonly ((fact: Fact) => number)[],
	n: number,
): Fact | undefined => {
	if (instant === undefined) return facts[n - 1];
	const threshold = Float64Array.from(facts, instant).sort()[facts.length - n];
	const same = facts.filter((fact) => instant(fact) === threshold);
	const before = facts.reduce((sum, fact) => (instant(fact) > (threshold ?? 0) ? sum + 1 : sum), 0);
	return nthBy(same, finer, n - before);
};

/** Before all instants. */
const NEVER = -1;

/**
 * The conditions of a rule, all of which must hold.
 *
 * @param selected what the rule selects, in byte order of the digest
 * @param now where ages end, milliseconds since the epoch
 */
export const settleConditions = (
	keep: RetentionRule["keep"],
	selected: readonly Fact[],
	now: number,
): readonly Condition[] => {
	const among = (order: Order, n: number | undefined): Condition[] => {
		if (n === undefined) return [];
		const last = nthOf(selected, order, n);
		const holds = (fact: Fact) => last === undefined || COMPARE[order](fact, last) <= 0;
		return [{ words: `among the ${n} ${PAST[order]} last`, holds }];
	};
	const within = (order: Order, age: number | undefined): Condition[] => {
		if (age === undefined) return [];
		const holds = (fact: Fact) => (instantOf(fact, order) ?? Number.NEGATIVE_INFINITY) >= now - age;
		return [{ words: `${PAST[order]} within ${formatAge(age)}`, holds }];
	};
	return [
		...among("pushed", keep.latestPushed),
		...among("pulled", keep.latestPulled),
		...among("active", keep.latestActive),
		...within("pushed", keep.pushedWithin),
		...within("pulled", keep.pulledWithin),
		...within("active", keep.activeWithin),
		...(keep.always === true ? [{ words: "kept always", holds: () => true }] : []),
	];
};

const PAST: { readonly [O in Order]: string } = {
	pushed: "pushed",
	pulled: "pulled",
	active: "pushed or pulled",
};

/** Undefined: never. */
const instantOf = ({ pushedAt, pulledAt }: Fact, order: Order): number | undefined => {
	if (order === "pushed") return pushedAt;
	return order === "pulled" ? pulledAt : Math.max(pushedAt, pulledAt ?? pushedAt);
};

/** The last first, what never was last of all; of those at the same instant the one pushed last, then by digest. */
const compareBy =
	(order: Order) =>
	(a: Fact, b: Fact): number => {
		const difference = (instantOf(b, order) ?? NEVER) - (instantOf(a, order) ?? NEVER);
		if (difference !== 0) return difference;
		if (a.pushedAt !== b.pushedAt) return b.pushedAt - a.pushedAt;
		return a.digest < b.digest ? -1 : a.digest === b.digest ? 0 : 1;
	};

const COMPARE = { pushed: compareBy("pushed"), pulled: compareBy("pulled"), active: compareBy("active") } as const;

const UNITS = [
	["day", 86_400_000],
	["hour", 3_600_000],
	["minute", 60_000],
	["second", 1_000],
	["millisecond", 1],
] as const;

/** An age for people, in the largest unit that it is whole in: `30 days`. */
const formatAge = (ms: number): string => {
	const [unit, size] = UNITS.find(([, each]) => ms % each === 0) ?? UNITS[4];
	const n = ms / size;
	return `${n} ${unit}${n === 1 ? "" : "s"}`;
};
