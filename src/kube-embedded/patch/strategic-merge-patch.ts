import { isDeepStrictEqual } from "node:util";
import { isRecord, type JsonRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { ownField, setField } from "#/kube-embedded/schema/own-fields.ts";
import { stepperOf } from "./list-steps.ts";
import { PatchError } from "./patch-error.ts";

const order = "$setElementOrder/";
const deletion = "$deleteFromPrimitiveList/";
const directives: ReadonlySet<string> = new Set(["$patch", "$retainKeys"]);

const isDirective = (name: string): boolean =>
	directives.has(name) || name.startsWith(order) || name.startsWith(deletion);

/** What is left of a patch when nothing is there to be patched. */
const withoutDirectives = (patch: unknown): unknown => {
	if (Array.isArray(patch))
		return patch.filter((item) => !(isRecord(item) && item.$patch !== undefined)).map(withoutDirectives);
	if (!isRecord(patch)) return patch;
	const plain: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(patch))
		if (!isDirective(name) && value !== null) setField(plain, name, withoutDirectives(value));
	return plain;
};

type Stepper = (item: unknown) => string;

const placesOf = (list: readonly unknown[], step: Stepper): ((item: unknown) => number | undefined) => {
	const places = new Map(list.map((item, place) => [step(item), place]));
	return (item) => places.get(step(item));
};

/**
 * Puts the elements that the order names into that order. Each of the others goes before the first that came after it
 * in the live list, or else to the end.
 */
const sortBy = (
	list: readonly unknown[],
	wanted: readonly unknown[],
	live: readonly unknown[],
	step: Stepper,
): unknown[] => {
	const [wantedPlace, livePlace] = [placesOf(wanted, step), placesOf(live, step)];
	const sorted = list
		.filter((item) => wantedPlace(item) !== undefined)
		.toSorted((a, b) => (wantedPlace(a) ?? 0) - (wantedPlace(b) ?? 0));
	let from = 0;
	for (const item of list) {
		if (wantedPlace(item) !== undefined) continue;
		const own = livePlace(item) ?? Number.POSITIVE_INFINITY;
		const before = sorted.findIndex((one, at) => at >= from && (livePlace(one) ?? -1) > own);
		const at = before < 0 ? sorted.length : before;
		sorted.splice(at, 0, item);
		from = at + 1;
	}
	return sorted;
};

const patchKeyedList = (
	live: readonly unknown[],
	patch: readonly unknown[],
	step: Stepper,
	names: readonly string[],
	rules: KindRules,
): unknown[] => {
	const items = patch.filter(
		(item) => !(isRecord(item) && item.$patch === "replace" && Object.keys(item).length === 1),
	);
	if (items.length < patch.length) return items.map(withoutDirectives);
	let result = [...live];
	for (const item of items) {
		if (!isRecord(item)) throw new PatchError("INVALID", `${names.join(".")} is a list of objects`);
		const key = step(item);
		if (key === "k:{}") throw new PatchError("INVALID", `an element of ${names.join(".")} lacks its merge key`);
		const place = result.findIndex((one) => step(one) === key);
		if (item.$patch === "delete") result = result.filter((one) => step(one) !== key);
		else if (place < 0) result.push(withoutDirectives(item));
		else result[place] = patchRecord(result[place], item, names, rules);
	}
	return result;
};

interface ListPatch {
	readonly items: readonly unknown[] | undefined;
	readonly deleted: readonly unknown[];
	readonly order: readonly unknown[] | undefined;
}

const asList = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined);

const patchList = (live: unknown, patch: ListPatch, names: readonly string[], rules: KindRules): unknown => {
	const step = stepperOf(rules, names);
	if (step === undefined) return patch.items === undefined ? live : withoutDirectives(patch.items);
	const before = asList(live) ?? [];
	const kept = before.filter((item) => !patch.deleted.some((gone) => isDeepStrictEqual(item, gone)));
	const items = patch.items ?? [];
	const merged =
		rules.listType(names) === "set"
			? [...kept, ...items.filter((item) => !kept.some((one) => isDeepStrictEqual(one, item)))]
			: patchKeyedList(kept, items, step, names, rules);
	return patch.order === undefined ? merged : sortBy(merged, patch.order, before, step);
};

const listNames = (patch: JsonRecord): Set<string> =>
	new Set(
		Object.keys(patch).flatMap((name) => {
			if (name.startsWith(order)) return [name.slice(order.length)];
			if (name.startsWith(deletion)) return [name.slice(deletion.length)];
			return Array.isArray(patch[name]) && !isDirective(name) ? [name] : [];
		}),
	);

const patchRecord = (live: unknown, patch: JsonRecord, names: readonly string[], rules: KindRules): unknown => {
	if (patch.$patch === "replace") return withoutDirectives(patch);
	if (patch.$patch === "delete") return undefined;
	if (patch.$patch !== undefined && patch.$patch !== "merge")
		throw new PatchError("INVALID", `unknown $patch ${JSON.stringify(patch.$patch)}`);
	const merged: Record<string, unknown> = isRecord(live) ? { ...live } : {};
	const retained = asList(patch.$retainKeys);
	if (retained !== undefined) for (const name of Object.keys(merged)) if (!retained.includes(name)) delete merged[name];
	const lists = listNames(patch);
	for (const name of lists) {
		const next = {
			items: asList(patch[name]),
			deleted: asList(patch[`${deletion}${name}`]) ?? [],
			order: asList(patch[`${order}${name}`]),
		};
		const result = patchList(ownField(merged, name), next, [...names, name], rules);
		if (result !== undefined) setField(merged, name, result);
	}
	for (const [name, value] of Object.entries(patch)) {
		if (isDirective(name) || (lists.has(name) && value !== null)) continue;
		const next = isRecord(value) ? patchRecord(ownField(merged, name), value, [...names, name], rules) : value;
		if (next === null || next === undefined) delete merged[name];
		else setField(merged, name, next);
	}
	return merged;
};

/**
 * Applies a strategic merge patch: as a merge patch, but lists whose elements have keys are merged by them, and
 * directives (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList`, `$setElementOrder`) say what a merge cannot.
 *
 * @throws PatchError INVALID
 */
export const strategicMergePatch = (object: JsonRecord, patch: unknown, rules: KindRules): unknown => {
	if (!isRecord(patch)) throw new PatchError("INVALID", "a strategic merge patch is an object");
	return patchRecord(object, patch, [], rules);
};
