import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import { ownField, setField } from "#/kube-embedded/schema/own-fields.ts";

/** Applies a JSON merge patch (RFC 7386): null removes, objects are merged, all else replaces. */
export const mergePatch = (target: unknown, patch: unknown): unknown => {
	if (!isRecord(patch)) return patch;
	const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
	for (const [name, value] of Object.entries(patch))
		if (value === null) delete merged[name];
		else setField(merged, name, mergePatch(ownField(merged, name), value));
	return merged;
};
