import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { setField } from "#/kube-embedded/schema/own-fields.ts";
import { type FieldTree, noFields } from "./field-tree.ts";
import { stepperOf } from "./list-steps.ts";

interface Ownership {
	/** What the writer applied before. */
	readonly before: FieldTree;
	/** What anybody owns now. */
	readonly held: FieldTree;
}

const stepInto = ({ before, held }: Ownership, step: string): Ownership => ({
	before: before.children.get(step) ?? noFields,
	held: held.children.get(step) ?? noFields,
});

/** A field that the schema names is owned with any field in it; a map's entry or a list's element only by itself. */
const owns = (tree: FieldTree, named: boolean): boolean => tree.member || (named && tree.children.size > 0);

const isAbandoned = ({ before, held }: Ownership, named: boolean): boolean => owns(before, named) && !owns(held, named);

const withoutElements = (
	list: readonly unknown[],
	ownership: Ownership,
	names: readonly string[],
	rules: KindRules,
): unknown[] => {
	const step = stepperOf(rules, names);
	if (step === undefined) return [...list];
	return list.flatMap((item) => {
		const inner = stepInto(ownership, step(item));
		return isAbandoned(inner, false) ? [] : [removeAbandoned(item, inner, names, rules)];
	});
};

const isEmpty = (value: unknown): boolean =>
	(Array.isArray(value) && value.length === 0) || (isRecord(value) && Object.keys(value).length === 0);

/**
 * Removes what a writer applied before, does not apply now, and nobody else owns.
 *
 * @param names field names down to the value, list steps left out
 */
export const removeAbandoned = (
	value: unknown,
	ownership: Ownership,
	names: readonly string[],
	rules: KindRules,
): unknown => {
	if (Array.isArray(value)) return withoutElements(value, ownership, names, rules);
	if (!isRecord(value) || rules.isAtomic(names)) return value;
	const kept: Record<string, unknown> = {};
	for (const [name, child] of Object.entries(value)) {
		const inner = stepInto(ownership, `f:${name}`);
		const path = [...names, name];
		if (isAbandoned(inner, rules.declares(path))) continue;
		const rest = removeAbandoned(child, inner, path, rules);
		if (inner.held.member || !isEmpty(rest) || isEmpty(child)) setField(kept, name, rest);
	}
	return kept;
};
