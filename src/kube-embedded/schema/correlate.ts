import { isRecord, type JsonRecord } from "./json-record.ts";
import type { Schema } from "./structural-schema.ts";

/** The values of the keys that tell the elements of a list-map apart, defaults filled in. */
export const keyValuesOf = (item: JsonRecord, schema: Schema): readonly unknown[] =>
	schema.listMapKeys.map((key) => item[key] ?? schema.items?.properties.get(key)?.fallback?.value ?? null);

const keyOf = (item: unknown, schema: Schema): string | undefined =>
	isRecord(item) ? JSON.stringify(keyValuesOf(item, schema)) : undefined;

/**
 * Finds for the elements of a list what they were before: by their keys in a list-map, not at all in other lists.
 */
export const correlateItems = (previous: unknown, schema: Schema): ((item: unknown) => unknown) => {
	if (!Array.isArray(previous) || schema.listType !== "map") return () => undefined;
	const byKey = new Map(previous.map((item: unknown) => [keyOf(item, schema), item]));
	return (item) => {
		const key = keyOf(item, schema);
		return key === undefined ? undefined : byKey.get(key);
	};
};

/** What a field was before. */
export const correlateField = (previous: unknown, name: string): unknown =>
	isRecord(previous) && Object.hasOwn(previous, name) ? previous[name] : undefined;
