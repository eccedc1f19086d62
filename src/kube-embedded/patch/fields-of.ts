import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { addPath, type FieldTree, type GrowingTree, growingTree } from "./field-tree.ts";
import { showPath } from "./fields-v1.ts";
import { stepperOf, whyMixedUp } from "./list-steps.ts";
import { PatchError } from "./patch-error.ts";

/** Where in an object one is. */
export interface Place {
	/** Field names, list steps left out: what the rules are asked with. */
	readonly names: readonly string[];
	/** Steps of a field path. */
	readonly steps: readonly string[];
}

/** The place of the whole object. */
export const root: Place = { names: [], steps: [] };

/** The place of a field. */
export const fieldOf = (place: Place, name: string): Place => ({
	names: [...place.names, name],
	steps: [...place.steps, `f:${name}`],
});

/** The place of an element of a list. */
export const elementOf = (place: Place, step: string): Place => ({
	names: place.names,
	steps: [...place.steps, step],
});

const visitList = (list: readonly unknown[], place: Place, rules: KindRules, tree: GrowingTree): void => {
	const step = stepperOf(rules, place.names);
	if (step === undefined) {
		addPath(tree, place.steps);
		return;
	}
	const why = whyMixedUp(rules, place.names, list);
	if (why !== undefined) throw new PatchError("INVALID", `${showPath(place.steps)}: ${why}`);
	for (const item of list) {
		const element = elementOf(place, step(item));
		addPath(tree, element.steps);
		if (isRecord(item)) visit(item, element, rules, tree);
	}
};

const visitRecord = (record: Readonly<Record<string, unknown>>, place: Place, rules: KindRules, tree: GrowingTree) => {
	for (const [name, value] of Object.entries(record)) {
		const field = fieldOf(place, name);
		const bare = value === null || (isRecord(value) && Object.keys(value).length === 0);
		if (bare || !rules.declares(field.names)) addPath(tree, field.steps);
		visit(value, field, rules, tree);
	}
};

const visit = (value: unknown, place: Place, rules: KindRules, tree: GrowingTree): void => {
	if (Array.isArray(value)) visitList(value, place, rules, tree);
	else if (isRecord(value) && !rules.isAtomic(place.names)) visitRecord(value, place, rules, tree);
	else addPath(tree, place.steps);
};

/**
 * The fields that a configuration speaks of: those that who applies it owns.
 *
 * @throws PatchError INVALID when the elements of a list cannot be told apart
 */
export const fieldsOf = (object: Readonly<Record<string, unknown>>, rules: KindRules): FieldTree => {
	const tree = growingTree();
	visitRecord(object, root, rules, tree);
	return tree;
};
