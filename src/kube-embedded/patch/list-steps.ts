import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules, ListType } from "#/kube-embedded/schema/kind-rules.ts";
import { showPath } from "./fields-v1.ts";

const keyStep = (item: unknown, type: Exclude<ListType, string>): string => {
	const keys: Record<string, unknown> = {};
	for (const key of type.keys.toSorted()) {
		const value = isRecord(item) ? (item[key] ?? type.fallbacks?.[key]) : undefined;
		if (value !== undefined) keys[key] = value;
	}
	return `k:${JSON.stringify(keys)}`;
};

/** The key that an element of a list-map lacks; absent when it has all. */
const missingKey = (item: unknown, type: ListType): string | undefined =>
	typeof type === "string"
		? undefined
		: type.keys.find(
				(key) => (isRecord(item) ? item[key] : undefined) === undefined && type.fallbacks?.[key] === undefined,
			);

/**
 * Why the elements of a list cannot be told apart: one lacks a key, or two have the same; absent when they can.
 *
 * @param path field names, list steps left out
 */
export const whyMixedUp = (rules: KindRules, path: readonly string[], list: readonly unknown[]): string | undefined => {
	const type = rules.listType(path);
	const step = stepperOf(rules, path);
	if (step === undefined) return undefined;
	const seen = new Set<string>();
	for (const [at, item] of list.entries()) {
		const key = missingKey(item, type);
		if (key !== undefined)
			return `element ${at}: associative list with keys has an element that omits key field ${JSON.stringify(key)}`;
		if (seen.has(step(item))) return `duplicate entries for key ${showPath([step(item)])}`;
		seen.add(step(item));
	}
	return undefined;
};

/**
 * How the elements of the list at a path are told apart, as steps of a field path; absent for lists that are replaced
 * whole.
 *
 * @param path field names, list steps left out
 */
export const stepperOf = (rules: KindRules, path: readonly string[]): ((item: unknown) => string) | undefined => {
	const type = rules.listType(path);
	if (type === "atomic") return undefined;
	return type === "set" ? (item) => `v:${JSON.stringify(item)}` : (item) => keyStep(item, type);
};
