import { type Condition, type ConditionDraft, findCondition, setCondition } from "./condition.ts";

/** What a controller found out about one side of an object; True is good. */
export type Finding = Pick<Condition, "type" | "status" | "reason" | "message">;

/**
 * What becomes of an object that is not ready: it is worked on; it stays so unless something is changed; or this is
 * what was wanted and all is done (suspended, say).
 */
type Progress =
	| { readonly is: "Reconciling" | "Stalled"; readonly reason: string; readonly message: string }
	| { readonly is: "Settled" };

/** What {@link summarize} makes a status of. */
export interface SummaryInput {
	/** The conditions as they stand. */
	readonly previous: readonly Condition[];
	/** Types of all findings that this controller ever writes; those of others are left alone. */
	readonly owned: readonly string[];
	/** What is to be said now, the most important first. */
	readonly findings: readonly Finding[];
	/** What Ready says when all is well. */
	readonly ready: { readonly reason: string; readonly message: string };
	/** @defaultValue reconciling with reason `ProgressingWithRetry` while a finding is not True; else nothing */
	readonly progress?: Progress | undefined;
	/** Which generation was looked at. */
	readonly generation: number;
	/** The root's `observedGeneration` as it stands. */
	readonly observedGeneration: number;
	/** RFC 3339. */
	readonly now: string;
}

/** The part of a status that is alike for all kinds. */
export interface Summary {
	readonly observedGeneration: number;
	readonly conditions: readonly Condition[];
}

/**
 * Sums up what was found. Ready is False with the reason of the first finding that is not True, else with that of the
 * progress, else True. Reconciling and Stalled are there only while they are True, and never both. The root's
 * `observedGeneration` moves when that generation was truly handled: it is ready, or it stays as it is until changed.
 */
export const summarize = (input: SummaryInput): Summary => {
	const { findings, generation, previous } = input;
	const problem = findings.find(({ status }) => status !== "True");
	const progress = input.progress ?? (problem && retrying(problem));
	const drafts: Finding[] = [readyOf(input, problem, progress)];
	if (progress !== undefined && progress.is !== "Settled") {
		drafts.push({ type: progress.is, status: "True", reason: progress.reason, message: progress.message });
	}
	drafts.push(...findings);
	const own = new Set(["Ready", "Reconciling", "Stalled", ...input.owned, ...findings.map(({ type }) => type)]);
	const isHandled = progress === undefined || progress.is !== "Reconciling";
	return {
		observedGeneration: isHandled ? generation : Math.min(generation, input.observedGeneration),
		conditions: [
			...drafts.flatMap((draft) => said(previous, { ...draft, observedGeneration: generation }, input.now)),
			...previous.filter(({ type }) => !own.has(type)),
		],
	};
};

const readyOf = ({ ready }: SummaryInput, problem: Finding | undefined, progress: Progress | undefined): Finding => {
	const cause = problem ?? (progress?.is === "Settled" ? undefined : progress);
	return cause === undefined
		? { type: "Ready", status: "True", ...ready }
		: { type: "Ready", status: "False", reason: cause.reason, message: cause.message };
};

const retrying = ({ message }: Finding): Progress => ({ is: "Reconciling", reason: "ProgressingWithRetry", message });

/** The one condition, with the time of its last transition taken from the one that it replaces. */
const said = (previous: readonly Condition[], draft: ConditionDraft, now: string): readonly Condition[] => {
	const known = findCondition(previous, draft.type);
	return setCondition(known === undefined ? [] : [known], draft, now);
};
