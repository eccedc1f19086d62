import type { Digest } from "#/oci/digest.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import { type Condition, settleConditions } from "./conditions.ts";
import type { Fact } from "./fact.ts";
import { findRelations, type Relations, type Tie } from "./relations.ts";

/** Why an artifact stays or goes. Artifacts are named by their place among the facts. */
export type Reason =
	| { readonly keeps: true; readonly by: "rule"; readonly rule: number }
	| { readonly keeps: true; readonly by: "signed" | "annotated" | "immutable" | "circle" }
	| { readonly keeps: boolean; readonly by: Tie; readonly anchor: number }
	| { readonly keeps: false; readonly by: "nothing" };

/** An artifact that goes, and those with it of which it is a part or to which it refers. */
export interface Going {
	/** Its place among the facts. */
	readonly place: number;
	readonly fact: Fact;
	readonly anchors: readonly Digest[];
}

/** What becomes of the artifacts of one repository. */
export interface RepositoryPlan {
	/** In byte order of the digest. */
	readonly facts: readonly Fact[];
	/** One for each fact. */
	readonly reasons: readonly Reason[];
	/** The conditions of each rule; none for a rule that is not about the repository. */
	readonly conditions: readonly (readonly Condition[])[];
	/** Indexes before what they name, subjects before what refers to them, and what belongs together in a row. */
	readonly going: readonly Going[];
}

/**
 * Decides about the artifacts of one repository. It depends on nothing but what it is given, and takes n log n.
 *
 * Rules judge what has tags, and what hangs on nothing. What is part of an index or refers to a subject stays with it;
 * without tags of its own it also goes with it, once all that it hangs on go.
 *
 * @param facts in byte order of the digest, each once
 * @param about the rules that are about the repository: bit i is rule i
 * @param now milliseconds since the epoch
 */
export const planRepository = (
	facts: readonly Fact[],
	policy: CompiledPolicy,
	about: number,
	now: number,
): RepositoryPlan => {
	const relations = findRelations(facts);
	const isJudged = (i: number): boolean => facts[i]?.isTagged === true || relations.anchorsOf(i).length === 0;
	const judged = facts.filter((_, i) => isJudged(i));
	const conditions = policy.rules.map(({ keep }, i) => {
		if ((about & (1 << i)) === 0) return [];
		const selected = judged.filter(({ selectedBy }) => (selectedBy & (1 << i)) !== 0);
		return settleConditions(keep, selected, now);
	});
	const reasons: (Reason | undefined)[] = facts.map((fact, i) => {
		const rule = isJudged(i) ? findKeeper(fact, conditions) : undefined;
		return rule === undefined ? findProtection(fact, relations.isSigned(i), policy) : KEPT_BY[rule];
	});
	keepDependents(reasons, relations);
	const order = findGoing(reasons, relations, isJudged);
	return {
		facts,
		reasons: reasons.map((reason) => reason ?? CIRCLE),
		conditions,
		going: order.flatMap((place) => goingAt(place, facts, relations)),
	};
};

const KEPT_BY: readonly Reason[] = Array.from({ length: 31 }, (_, rule) => ({ keeps: true, by: "rule", rule }));
/** Tags can be set so that artifacts refer to one another in a circle. */
const CIRCLE: Reason = { keeps: true, by: "circle" };
const SIGNED: Reason = { keeps: true, by: "signed" };
const ANNOTATED: Reason = { keeps: true, by: "annotated" };
const IMMUTABLE: Reason = { keeps: true, by: "immutable" };
const NOTHING: Reason = { keeps: false, by: "nothing" };

/** The first rule that keeps it. */
const findKeeper = (fact: Fact, conditions: RepositoryPlan["conditions"]): number | undefined => {
	const rule = conditions.findIndex(
		(all, i) => (fact.selectedBy & (1 << i)) !== 0 && all.length > 0 && all.every((condition) => condition.holds(fact)),
	);
	return rule === -1 ? undefined : rule;
};

const findProtection = (fact: Fact, isSigned: boolean, policy: CompiledPolicy): Reason | undefined => {
	if (isSigned && policy.protectsSigned) return SIGNED;
	if (fact.annotation !== undefined) return ANNOTATED;
	return fact.isImmutable ? IMMUTABLE : undefined;
};

/** What hangs on something that stays, stays. */
const keepDependents = (reasons: (Reason | undefined)[], relations: Relations): void => {
	const left = reasons.flatMap((reason, i) => (reason === undefined ? [] : [i]));
	for (let anchor = left.pop(); anchor !== undefined; anchor = left.pop()) {
		for (const { at, tie } of relations.dependentsOf(anchor)) {
			if (reasons[at] !== undefined) continue;
			reasons[at] = { keeps: true, by: tie, anchor };
			left.push(at);
		}
	}
};

/** What goes, in the order in which it may. Of what hangs on several, the last of them to go takes it along. */
const findGoing = (
	reasons: (Reason | undefined)[],
	relations: Relations,
	isJudged: (i: number) => boolean,
): readonly number[] => {
	const order: number[] = [];
	const waitsFor = new Map<number, number>();
	const goes = (root: number): void => {
		const left = [root];
		for (let i = left.pop(); i !== undefined; i = left.pop()) {
			order.push(i);
			for (const { at, tie } of relations.dependentsOf(i).toReversed()) {
				if (reasons[at] !== undefined && reasons[at] !== NOTHING) continue;
				const waiting = (waitsFor.get(at) ?? relations.anchorsOf(at).length) - 1;
				waitsFor.set(at, waiting);
				if (waiting > 0) continue;
				if (!isJudged(at)) reasons[at] = { keeps: false, by: tie, anchor: i };
				left.push(at);
			}
		}
	};
	const judged = reasons.flatMap((reason, i) => (reason === undefined && isJudged(i) ? [i] : []));
	for (const i of judged) reasons[i] = NOTHING;
	for (const i of judged) if (relations.anchorsOf(i).length === 0) goes(i);
	const found = new Set(order);
	for (const i of judged) if (!found.has(i)) reasons[i] = undefined;
	return order;
};

const goingAt = (place: number, facts: readonly Fact[], relations: Relations): readonly Going[] => {
	const fact = facts[place];
	if (fact === undefined) return [];
	const anchors = relations.anchorsOf(place).flatMap((anchor) => facts[anchor]?.digest ?? []);
	return [{ place, fact, anchors }];
};
