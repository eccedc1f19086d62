import { isRecord } from "./json-record.ts";
import { setField } from "./own-fields.ts";
import type { Schema } from "./structural-schema.ts";

const childOf = (schema: Schema, name: string): Schema | undefined => {
	const child = schema.properties.get(name) ?? schema.additionalProperties;
	return child === true ? undefined : child;
};

/** A null where none may be gives way to the default; without one the field is dropped. */
const isStrayNull = (value: unknown, schema: Schema | undefined): boolean =>
	value === null && schema !== undefined && !schema.nullable && schema.type !== undefined;

const fillRecord = (record: Readonly<Record<string, unknown>>, schema: Schema): Record<string, unknown> => {
	const filled: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(record)) {
		const child = childOf(schema, name);
		if (!isStrayNull(value, child)) setField(filled, name, child === undefined ? value : fillDefaults(value, child));
	}
	for (const [name, child] of schema.properties)
		if (filled[name] === undefined && child.fallback !== undefined)
			filled[name] = fillDefaults(structuredClone(child.fallback.value), child);
	return filled;
};

/**
 * Fills in the defaults of absent fields, from the top down: a default object gets the defaults inside it. Nulls where
 * none may be count as absent. The value is left as it is; a new one is given.
 */
export const fillDefaults = (value: unknown, schema: Schema): unknown => {
	const { items } = schema;
	if (Array.isArray(value)) return items === undefined ? value : value.map((item) => fillItem(item, items));
	return isRecord(value) ? fillRecord(value, schema) : value;
};

const fillItem = (item: unknown, schema: Schema): unknown =>
	isStrayNull(item, schema) && schema.fallback !== undefined
		? structuredClone(schema.fallback.value)
		: fillDefaults(item, schema);
