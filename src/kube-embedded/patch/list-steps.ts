import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules, ListType } from "#/kube-embedded/schema/kind-rules.ts";

const keyStep = (item: unknown, type: Exclude<ListType, string>): string => {
	const keys: Record<string, unknown> = {};
	for (const key of type.keys.toSorted()) {
		const value = isRecord(item) ? (item[key] ?? type.fallbacks?.[key]) : undefined;
		if (value !== undefined) keys[key] = value;
	}
	return `k:${JSON.stringify(keys)}`;
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
