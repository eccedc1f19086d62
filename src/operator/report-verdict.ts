import { formatInstant } from "#/api/fields/instants.ts";
import type { EventRecorder } from "#/kube/events/event-recorder.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import {
	type Condition,
	type ConditionDraft,
	conditionsOf,
	findCondition,
	setCondition,
} from "#/kube/status/condition.ts";
import { patchStatus } from "#/kube/status/patch-status.ts";
import { type Finding, summarize } from "#/kube/status/summarize.ts";
import { REQUESTED_AT } from "./annotations.ts";
import type { Verdict } from "./verdict.ts";

/** What {@link reportVerdict} works with. */
export interface ReportDeps {
	readonly client: KubeClient;
	/** Of the resource. */
	readonly type: ResourceType;
	readonly fieldManager: string;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	readonly events: Pick<EventRecorder, "record">;
}

/** What is to be written down of a resource. */
export interface Report {
	readonly verdict: Verdict<string>;
	/** Conditions of its kind beside those that every kind has: all True where the verdict is Ready. */
	readonly conditions?: readonly Finding[];
	/** Conditions of its kind that say nothing about Ready. */
	readonly asides?: readonly Finding[];
	/** Types of conditions of its kind that say nothing any more, and go. @defaultValue none: those that stand stay */
	readonly dropped?: readonly string[];
	/** What its status says beside conditions. Undefined members are left out. */
	readonly fields: { readonly [field: string]: unknown };
	/**
	 * The request by annotation that was last acted upon, where that takes longer than a look; undefined: none was yet.
	 * Absent: the one that stands.
	 */
	readonly handled?: string | undefined;
}

const OWNED = ["Ready", "Reconciling", "Stalled"] as const;

/** The most that a message may be, UTF-16 units. */
const MAX_MESSAGE = 1_000;

/**
 * Writes down how a resource stands, and tells of it by an event when that is for another reason than before. Writes
 * nothing when the status says it already.
 *
 * @throws KubeError
 */
export const reportVerdict = async (
	{ client, type, fieldManager, now, events }: ReportDeps,
	object: KubeObject,
	report: Report,
	signal: AbortSignal,
): Promise<void> => {
	const { verdict, conditions: own = [], asides = [], dropped = [], fields } = report;
	const { is, reason } = verdict;
	const message = verdict.message.slice(0, MAX_MESSAGE);
	const requestedAt = "handled" in report ? report.handled : object.metadata.annotations?.[REQUESTED_AT];
	const status = (current: KubeObject) => {
		const generation = object.metadata.generation ?? 0;
		const instant = formatInstant(now());
		const previous = conditionsOf(current);
		const { observedGeneration, conditions } = summarize({
			previous,
			owned: [...OWNED, ...[...own, ...asides].map(({ type: name }) => name), ...dropped],
			findings: [...(is === "Ready" ? [] : [{ type: "Ready", status: "False", reason, message } as const]), ...own],
			ready: { reason, message },
			...progressOf(is, reason, message),
			generation,
			observedGeneration: observedGenerationOf(current),
			now: instant,
		});
		// The finding is what Ready says; it is said once.
		const said = conditions.filter(({ type: name }, i) => conditions.findIndex((one) => one.type === name) === i);
		const handled = requestedAt === undefined ? {} : { lastHandledRequestedAt: requestedAt };
		const beside = asides.map((aside) => ({ ...aside, observedGeneration: generation }));
		return { observedGeneration, conditions: [...said, ...drawn(previous, beside, instant)], ...fields, ...handled };
	};
	const before = findCondition(conditionsOf(object), "Ready")?.reason;
	await patchStatus({ client, type, object, status, fieldManager }, signal);
	// What is under way is told by the status alone, unless somebody has to make room for it.
	const isRefused = is === "Stalled" || reason === "NotOurs";
	if (before === reason || (is === "Working" && !isRefused)) return;
	const eventType = isRefused ? "Warning" : "Normal";
	events.record({ regarding: object, type: eventType, reason, action: "Reconcile", note: message });
};

const drawn = (previous: readonly Condition[], drafts: readonly ConditionDraft[], now: string): readonly Condition[] =>
	drafts.flatMap((draft) => {
		const known = findCondition(previous, draft.type);
		return setCondition(known === undefined ? [] : [known], draft, now);
	});

/** Whether the status speaks of the object as it is now. */
export const isReported = (object: KubeObject): boolean =>
	findCondition(conditionsOf(object), "Ready")?.observedGeneration === object.metadata.generation;

const progressOf = (is: Verdict["is"], reason: string, message: string) => {
	switch (is) {
		case "Ready":
			return {};
		case "Working":
			return { progress: { is: "Reconciling", reason, message } } as const;
		case "Stalled":
			return { progress: { is: "Stalled", reason, message } } as const;
		case "Resting":
			return { progress: { is: "Settled" } } as const;
	}
};

const observedGenerationOf = ({ status }: KubeObject): number =>
	typeof status === "object" && status !== null && "observedGeneration" in status
		? Number(status.observedGeneration)
		: -1;
