import { isDeepStrictEqual } from "node:util";

/** A JSON object. */
export type JsonObject = { readonly [field: string]: unknown };

/**
 * The JSON merge patch (RFC 7396) that makes `after` of `before`; absent when they are equal. A field that is undefined
 * counts as absent. Neither may hold null: a merge patch cannot say it.
 */
export const mergeDiff = (before: JsonObject, after: JsonObject): JsonObject | undefined => {
	const plain: unknown = JSON.parse(JSON.stringify(after));
	return isObject(plain) ? objectDiff(before, plain) : undefined;
};

const objectDiff = (before: JsonObject, after: JsonObject): JsonObject | undefined => {
	const patch: Record<string, unknown> = {};
	for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
		const change = diffOf(before[field], after[field]);
		if (change !== undefined) patch[field] = change;
	}
	return Object.keys(patch).length === 0 ? undefined : patch;
};

const diffOf = (before: unknown, after: unknown): unknown => {
	if (after === undefined) return before === undefined ? undefined : null;
	if (isObject(before) && isObject(after)) return objectDiff(before, after);
	return isDeepStrictEqual(before, after) ? undefined : after;
};

const isObject = (value: unknown): value is JsonObject =>
	typeof value === "object" && value !== null && !Array.isArray(value);
