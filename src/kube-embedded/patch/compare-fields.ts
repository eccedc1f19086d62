import { isDeepStrictEqual } from "node:util";
import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { ownField } from "#/kube-embedded/schema/own-fields.ts";
import { addPath, type FieldTree, type GrowingTree, growingTree } from "./field-tree.ts";
import { elementOf, fieldOf, type Place, root } from "./fields-of.ts";
import { stepperOf } from "./list-steps.ts";

/** Which fields differ between two objects. */
export interface FieldChanges {
	/** New, or with another value. */
	readonly changed: FieldTree;
	/** No longer there. */
	readonly removed: FieldTree;
}

interface Walk {
	readonly rules: KindRules;
	readonly changed: GrowingTree;
	readonly removed: GrowingTree;
}

const note = (before: unknown, after: unknown, place: Place, walk: Walk): void => {
	if (after === undefined) addPath(walk.removed, place.steps);
	else if (before === undefined || !isDeepStrictEqual(before, after)) addPath(walk.changed, place.steps);
};

const isEmptyList = (value: unknown): boolean => value === undefined || (Array.isArray(value) && value.length === 0);

const isListLike = (value: unknown): value is readonly unknown[] | undefined =>
	value === undefined || Array.isArray(value);

const isRecordLike = (value: unknown): value is Readonly<Record<string, unknown>> | undefined =>
	value === undefined || isRecord(value);

type Stepper = (item: unknown) => string;

const compareLists = (
	before: readonly unknown[],
	after: readonly unknown[],
	place: Place,
	step: Stepper,
	walk: Walk,
): void => {
	const old = new Map(before.map((item) => [step(item), item]));
	const next = new Map(after.map((item) => [step(item), item]));
	for (const key of new Set([...old.keys(), ...next.keys()]))
		compare(old.get(key), next.get(key), elementOf(place, key), walk);
};

const compareRecords = (
	before: Readonly<Record<string, unknown>>,
	after: Readonly<Record<string, unknown>>,
	place: Place,
	walk: Walk,
): void => {
	for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
		compare(ownField(before, name), ownField(after, name), fieldOf(place, name), walk);
};

const bothEmpty = (before: unknown, after: unknown): boolean =>
	[before, after].every(
		(value) => isEmptyList(value) || (isRecord(value) && Object.keys(value).length === 0) || value === undefined,
	);

/** Compares what is inside two containers of one kind; false when they are compared as wholes. */
const compareInside = (before: unknown, after: unknown, place: Place, walk: Walk): boolean => {
	if (bothEmpty(before, after)) return false;
	if (isListLike(before) && isListLike(after)) {
		const step = stepperOf(walk.rules, place.names);
		if (step === undefined) return false;
		compareLists(before ?? [], after ?? [], place, step, walk);
		return true;
	}
	if (!isRecordLike(before) || !isRecordLike(after) || walk.rules.isAtomic(place.names)) return false;
	compareRecords(before ?? {}, after ?? {}, place, walk);
	return true;
};

const compare = (before: unknown, after: unknown, place: Place, walk: Walk): void => {
	const inside = compareInside(before, after, place, walk);
	if (!inside || before === undefined || after === undefined) note(before, after, place, walk);
};

/** Compares two objects field by field, as far down as the rules let fields be owned one by one. */
export const compareFields = (
	before: Readonly<Record<string, unknown>>,
	after: Readonly<Record<string, unknown>>,
	rules: KindRules,
): FieldChanges => {
	const walk: Walk = { rules, changed: growingTree(), removed: growingTree() };
	compareRecords(before, after, root, walk);
	return walk;
};
