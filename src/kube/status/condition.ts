import { cutMessage } from "#/kube/cut-message.ts";
import type { KubeObject } from "#/kube/kube-object.ts";

/** One thing that can be said of an object, and whether it is so. */
export interface Condition {
	/** A word in PascalCase, an adjective or a past participle: `Ready`. */
	readonly type: string;
	readonly status: "True" | "False" | "Unknown";
	/** A word in PascalCase out of a closed list. */
	readonly reason: string;
	/** For people; 1 KiB at most, without secrets. */
	readonly message: string;
	/** Of which generation it is said; absent in what other programs wrote, perhaps. */
	readonly observedGeneration?: number;
	/** Since when it is so, RFC 3339. Another reason or message does not count as a change. */
	readonly lastTransitionTime: string;
}

/** What a condition is to say. */
export type ConditionDraft = Omit<Condition, "lastTransitionTime">;

/** The conditions in an object's status; what is none is left out. */
export const conditionsOf = (object: KubeObject): readonly Condition[] => {
	const { status } = object;
	if (typeof status !== "object" || status === null || !("conditions" in status)) return [];
	return Array.isArray(status.conditions) ? status.conditions.filter(isCondition) : [];
};

/** The condition of that type; absent when it is not said. */
export const findCondition = (conditions: readonly Condition[], type: string): Condition | undefined =>
	conditions.find((each) => each.type === type);

/**
 * The conditions with one set: in its place, or at the end. When the status is what it was before, so is the time of
 * its last transition; otherwise that is `now`, RFC 3339. A message that is too long is cut.
 */
export const setCondition = (
	conditions: readonly Condition[],
	draft: ConditionDraft,
	now: string,
): readonly Condition[] => {
	const known = findCondition(conditions, draft.type);
	const condition: Condition = {
		...draft,
		message: cutMessage(draft.message),
		lastTransitionTime: known?.status === draft.status ? known.lastTransitionTime : now,
	};
	if (known === undefined) return [...conditions, condition];
	return conditions.map((each) => (each === known ? condition : each));
};

const isCondition = (value: unknown): value is Condition =>
	typeof value === "object" &&
	value !== null &&
	"type" in value &&
	typeof value.type === "string" &&
	"status" in value &&
	(value.status === "True" || value.status === "False" || value.status === "Unknown") &&
	"lastTransitionTime" in value &&
	typeof value.lastTransitionTime === "string";
