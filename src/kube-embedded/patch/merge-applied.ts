import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { ownField, setField } from "#/kube-embedded/schema/own-fields.ts";
import { stepperOf } from "./list-steps.ts";

const mergeLists = (
	live: readonly unknown[],
	applied: readonly unknown[],
	names: readonly string[],
	rules: KindRules,
): unknown[] => {
	const step = stepperOf(rules, names);
	if (step === undefined) return [...applied];
	const known = new Map(live.map((item) => [step(item), item]));
	const wanted = new Set(applied.map(step));
	const shared = applied.map(step).filter((key) => known.has(key));
	const merged: unknown[] = [];
	let at = 0;
	// What only the live list has comes before the shared element that follows it there; all else in the applied order.
	const passLive = (until: string | undefined): void => {
		for (; at < live.length; at++) {
			const key = step(live[at]);
			if (key === until) return;
			if (!wanted.has(key)) merged.push(live[at]);
		}
	};
	for (const item of applied) {
		const key = step(item);
		passLive(shared[0] ?? key);
		if (shared[0] === key) shared.shift();
		merged.push(known.has(key) ? mergeApplied(known.get(key), item, names, rules) : item);
	}
	passLive(undefined);
	return merged;
};

/**
 * The live value with what is applied laid over it, lists merged as the rules say.
 *
 * @param names field names down to the value, list steps left out
 */
export const mergeApplied = (live: unknown, applied: unknown, names: readonly string[], rules: KindRules): unknown => {
	if (Array.isArray(applied)) return Array.isArray(live) ? mergeLists(live, applied, names, rules) : applied;
	if (!isRecord(applied) || !isRecord(live) || rules.isAtomic(names)) return applied;
	const merged: Record<string, unknown> = { ...live };
	for (const [name, value] of Object.entries(applied))
		setField(merged, name, mergeApplied(ownField(live, name), value, [...names, name], rules));
	return merged;
};
