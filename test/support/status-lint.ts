import type { KubeObject } from "#/kube/kube-object.ts";
import { type Condition, conditionsOf, findCondition } from "#/kube/status/condition.ts";

/** How strictly, and against what, a status is judged. */
export interface StatusLintOpts {
	/** `underway`: seen at any moment, so that the newest generation may not be handled yet. @defaultValue "done" */
	readonly stage?: "done" | "underway";
	/** Types of conditions that are bad when True, the most important first. @defaultValue Stalled, Reconciling */
	readonly negative?: readonly string[];
	/** What no message may contain. */
	readonly secrets?: readonly string[];
	/** All reasons that there are; absent: any. */
	readonly reasons?: ReadonlySet<string>;
}

/** What is wrong with a status, one sentence each. */
export interface StatusFaults {
	readonly failures: readonly string[];
	readonly warnings: readonly string[];
}

interface Judged {
	readonly conditions: readonly Condition[];
	readonly generation: number;
	readonly observedGeneration: number;
	readonly negative: readonly string[];
	readonly opts: StatusLintOpts;
}

/** A rule: what is wrong by it, or undefined. */
type Rule = (judged: Judged) => string | undefined;

const statusOf = ({ conditions }: Judged, type: string): Condition["status"] | undefined =>
	findCondition(conditions, type)?.status;

const isReady = (judged: Judged): boolean => statusOf(judged, "Ready") === "True";

/** `sentence` with the types of the conditions that break it; undefined when none does. */
const broken = (sentence: string, conditions: readonly Condition[]): string | undefined =>
	conditions.length === 0 ? undefined : `${sentence}: ${conditions.map(({ type }) => type).join(", ")}`;

const isNegative = ({ negative }: Judged, { type }: Condition): boolean => negative.includes(type);

/** Flux's hard rules on a status that is done. */
const whenDone: readonly Rule[] = [
	(judged) =>
		isReady(judged)
			? broken(
					"nothing bad is True beside Ready=True",
					judged.conditions.filter((each) => isNegative(judged, each) && each.status === "True"),
				)
			: undefined,
	(judged) =>
		statusOf(judged, "Reconciling") === "True" && statusOf(judged, "Ready") !== "False"
			? "Ready is False while Reconciling"
			: undefined,
	(judged) =>
		isReady(judged) && judged.observedGeneration < judged.generation
			? "Ready is not True before the newest generation is handled"
			: undefined,
	(judged) =>
		isReady(judged)
			? broken(
					"Ready is not True beside conditions of an older generation",
					judged.conditions.filter(({ observedGeneration = 0 }) => observedGeneration < judged.generation),
				)
			: undefined,
	(judged) =>
		isReady(judged)
			? broken(
					"beside Ready=True all conditions are of the root's generation",
					judged.conditions.filter(({ observedGeneration = 0 }) => observedGeneration !== judged.observedGeneration),
				)
			: undefined,
];

/** Flux's hard rules on any status, and what this project adds. */
const always: readonly Rule[] = [
	(judged) => (statusOf(judged, "Ready") === undefined ? "Ready is always there" : undefined),
	(judged) =>
		statusOf(judged, "Stalled") === "True" && statusOf(judged, "Ready") !== "False"
			? "Ready is False while Stalled"
			: undefined,
	(judged) =>
		statusOf(judged, "Reconciling") !== undefined && statusOf(judged, "Stalled") !== undefined
			? "Reconciling and Stalled are never both there"
			: undefined,
	(judged) =>
		judged.observedGeneration > judged.generation ? "no generation is observed before there is one" : undefined,
	(judged) =>
		statusOf(judged, "Ready") === "Unknown" && statusOf(judged, "Reconciling") !== "True"
			? "Ready is Unknown only while Reconciling"
			: undefined,
	({ conditions, opts: { secrets = [] } }) =>
		broken(
			"no message holds a secret",
			conditions.filter(({ message }) => secrets.some((secret) => message.includes(secret))),
		),
	({ conditions, opts: { reasons } }) =>
		broken(
			"reasons are of the closed list",
			conditions.filter(({ reason }) => reasons !== undefined && !reasons.has(reason)),
		),
	({ conditions }) =>
		broken(
			"reasons are words in PascalCase",
			conditions.filter(({ reason }) => !/^[A-Z][A-Za-z0-9]{0,127}$/.test(reason)),
		),
	({ conditions }) =>
		broken(
			"messages are 1 KiB at most",
			conditions.filter(({ message }) => Buffer.byteLength(message) > 1024),
		),
	({ conditions }) =>
		broken(
			"each type is there once",
			conditions.filter((each) => findCondition(conditions, each.type) !== each),
		),
];

/** Flux's warnings on a status that is done. */
const warningsWhenDone: readonly Rule[] = [
	(judged) =>
		isReady(judged)
			? broken(
					"what is bad is not even mentioned beside Ready=True",
					judged.conditions.filter((each) => isNegative(judged, each)),
				)
			: undefined,
	(judged) => {
		const ready = findCondition(judged.conditions, "Ready");
		const worst = judged.negative.map((type) => findCondition(judged.conditions, type)).find((each) => each);
		if (ready === undefined || ready.status === "True" || worst === undefined) return undefined;
		if (worst.type === "Reconciling" || worst.type === "Stalled") return undefined;
		const isSame = ready.reason === worst.reason && ready.message === worst.message;
		return isSame ? undefined : `Ready says what is worst: ${worst.type}`;
	},
];

/** Flux's warnings on any status. */
const warningsAlways: readonly Rule[] = [
	(judged) => (statusOf(judged, "Reconciling") === "False" ? "Reconciling is there only while True" : undefined),
	(judged) => (statusOf(judged, "Stalled") === "False" ? "Stalled is there only while True" : undefined),
	({ conditions }) =>
		broken(
			"each condition says of which generation it is",
			conditions.filter(({ observedGeneration = 0 }) => observedGeneration < 1),
		),
];

/** Judges an object's status by the rules of Flux's status checker (its nine and the one for what is underway), and a few more. */
export const lintStatus = (object: KubeObject, opts: StatusLintOpts = {}): StatusFaults => {
	const judged: Judged = {
		conditions: conditionsOf(object),
		generation: object.metadata.generation ?? 0,
		observedGeneration: observedGenerationOf(object),
		negative: opts.negative ?? ["Stalled", "Reconciling"],
		opts,
	};
	const isDone = opts.stage !== "underway";
	const find = (rules: readonly Rule[]) => rules.map((rule) => rule(judged)).filter((each) => each !== undefined);
	return {
		failures: find(isDone ? [...always, ...whenDone] : always),
		warnings: find(isDone ? [...warningsAlways, ...warningsWhenDone] : warningsAlways),
	};
};

/** @throws Error that says all that is wrong with an object's status, warnings too */
export const assertStatus = (object: KubeObject, opts: StatusLintOpts = {}): void => {
	const { failures, warnings } = lintStatus(object, opts);
	const faults = [...failures, ...warnings];
	if (faults.length === 0) return;
	const { kind, metadata, status } = object;
	throw new Error(`${kind} ${metadata.name}: ${faults.join("; ")}\n${JSON.stringify(status, undefined, 2)}`);
};

const observedGenerationOf = ({ status }: KubeObject): number =>
	typeof status === "object" &&
	status !== null &&
	"observedGeneration" in status &&
	typeof status.observedGeneration === "number"
		? status.observedGeneration
		: 0;
