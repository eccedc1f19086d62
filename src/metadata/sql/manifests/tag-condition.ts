import type { TagCondition } from "#/metadata/manifests.ts";

/** Whether a tag that points at `current` (undefined: there is no such tag) may be moved under `condition`. */
export function conditionHolds(condition: TagCondition | undefined, current: string | undefined): boolean {
	if (condition === undefined) return true;
	const { ifMatch, ifNoneMatch } = condition;
	if (ifMatch !== undefined && !matches(ifMatch, current)) return false;
	return ifNoneMatch === undefined || !matches(ifNoneMatch, current);
}

function matches(wanted: readonly string[] | "*", current: string | undefined): boolean {
	if (current === undefined) return false;
	return wanted === "*" || wanted.includes(current);
}
