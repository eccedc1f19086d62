import type { RetentionDecision } from "#/api/retention-report.ts";
import { MAX_EXPLAINED } from "#/api/run-report.ts";
import type { CompiledPolicy } from "./compile-policy.ts";
import type { Fact } from "./fact.ts";
import type { Reason, RepositoryPlan } from "./plan-repository.ts";

/** As many tags are told; an artifact may have thousands. */
const MAX_TAGS = 50;
const MAX_WHY = 1_024;
/** Of those in a report, so that it stays small. */
const MAX_REPORTED_TAGS = 5;
const MAX_REPORTED_WHY = 300;

/** What they may weigh there together as JSON, bytes: half of what is kept of a policy. */
const MAX_REPORTED_BYTES = 32 * 1024;

/** Decisions as a report tells them: the first ones, shortened, as many as fit. */
export const toReported = (decisions: readonly RetentionDecision[]): readonly RetentionDecision[] => {
	let bytes = 0;
	const short = decisions.slice(0, MAX_EXPLAINED).map((decision) => ({
		...decision,
		tags: decision.tags.slice(0, MAX_REPORTED_TAGS),
		why: clip(decision.why, MAX_REPORTED_WHY),
	}));
	return short.filter((decision) => {
		bytes += Buffer.byteLength(JSON.stringify(decision)) + 1;
		return bytes <= MAX_REPORTED_BYTES;
	});
};

/** Why one artifact of a plan stays or goes, for people. */
export const explain = (
	repository: string,
	plan: RepositoryPlan,
	policy: CompiledPolicy,
	place: number,
): RetentionDecision | undefined => {
	const fact = plan.facts[place];
	const reason = plan.reasons[place];
	if (fact === undefined || reason === undefined) return undefined;
	const { digest, tags } = fact;
	const why = clip(wordReason(fact, reason, plan, policy), MAX_WHY);
	const rule = reason.by === "rule" ? policy.rules[reason.rule]?.name : undefined;
	const decision = { repository, digest, tags: tags.slice(0, MAX_TAGS), keep: reason.keeps, why };
	return rule === undefined ? decision : { ...decision, rule };
};

const wordReason = (fact: Fact, reason: Reason, plan: RepositoryPlan, policy: CompiledPolicy): string => {
	switch (reason.by) {
		case "rule":
			return wordKept(reason.rule, plan);
		case "signed":
			return "no rule keeps it, but it is signed";
		case "annotated":
			return `no rule keeps it, but it has the annotation ${fact.annotation}`;
		case "immutable":
			return "no rule keeps it, but a tag of it is immutable";
		case "circle":
			return "it stays, for artifacts refer to one another in a circle there";
		case "part":
			return `it is part of the index ${nameAt(reason.anchor, plan)}, which ${reason.keeps ? "stays" : "goes"}`;
		case "referrer":
			return `it refers to ${nameAt(reason.anchor, plan)}, which ${reason.keeps ? "stays" : "goes"}`;
		case "nothing":
			return wordGone(fact, plan, policy);
	}
};

const wordKept = (rule: number, plan: RepositoryPlan): string =>
	`it is ${(plan.conditions[rule] ?? []).map(({ words }) => words).join(" and ")}`;

/** What each rule that is about the repository has to say. */
const wordGone = (fact: Fact, { conditions }: RepositoryPlan, { rules }: CompiledPolicy): string => {
	const said = rules.flatMap(({ name }, i) => {
		const asked = conditions[i] ?? [];
		if (asked.length === 0) return [];
		if ((fact.selectedBy & (1 << i)) === 0) return [`${name} does not select it`];
		const failed = asked.filter((condition) => !condition.holds(fact)).map(({ words }) => words);
		return [`for ${name} it is not ${failed.join(" and not ")}`];
	});
	return `no rule keeps it: ${said.join("; ")}`;
};

/** A tag where there is one, for a person knows it by that. */
const nameAt = (place: number, { facts }: RepositoryPlan): string => {
	const fact = facts[place];
	return fact?.tags[0] ?? fact?.digest.slice(0, 19) ?? "";
};

const clip = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);
