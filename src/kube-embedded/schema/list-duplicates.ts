import { duplicate } from "./causes.ts";
import { keyValuesOf } from "./correlate.ts";
import { isRecord } from "./json-record.ts";
import type { FieldCause } from "./kind-rules.ts";
import { childPath } from "./prune.ts";
import type { Schema } from "./structural-schema.ts";

const canonical = (value: unknown): string =>
	JSON.stringify(value, (_, inner: unknown) =>
		isRecord(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
	);

const ownDuplicates = (list: readonly unknown[], schema: Schema, path: string): FieldCause[] => {
	if (schema.listType === "atomic") return [];
	const seen = new Set<string>();
	const told = new Set<string>();
	const causes: FieldCause[] = [];
	for (const [at, item] of list.entries()) {
		const keys =
			schema.listType === "map" && isRecord(item)
				? Object.fromEntries(keyValuesOf(item, schema).map((value, key) => [schema.listMapKeys[key] ?? "", value]))
				: item;
		const key = canonical(keys);
		if (seen.has(key) && !told.has(key)) {
			told.add(key);
			causes.push(duplicate(`${path}[${at}]`, keys));
		}
		seen.add(key);
	}
	return causes;
};

/** The elements that a set or list-map holds more than once, anywhere in a value. */
export const listDuplicates = (value: unknown, schema: Schema, path: string): FieldCause[] => {
	if (Array.isArray(value)) {
		const { items } = schema;
		const inner =
			items === undefined ? [] : value.flatMap((item: unknown, at) => listDuplicates(item, items, `${path}[${at}]`));
		return [...ownDuplicates(value, schema, path), ...inner];
	}
	if (!isRecord(value)) return [];
	return Object.entries(value).flatMap(([name, child]) => {
		const inner = schema.properties.get(name) ?? schema.additionalProperties;
		return inner === undefined || inner === true ? [] : listDuplicates(child, inner, childPath(path, name));
	});
};
