import { isRecord, type JsonRecord } from "#/kube-embedded/schema/json-record.ts";
import type { Schema } from "#/kube-embedded/schema/structural-schema.ts";

const reserved: ReadonlySet<string> = new Set(
	"true false null in as break const continue else for function if import let loop package namespace return var void while".split(
		" ",
	),
);

/** The name by which a rule reaches a property (API reference, CRD validation rules, escaping). */
const celName = (name: string): string =>
	reserved.has(name)
		? `__${name}__`
		: name
				.replaceAll("__", "__underscores__")
				.replaceAll(".", "__dot__")
				.replaceAll("-", "__dash__")
				.replaceAll("/", "__slash__");

const celNumber = (value: number, schema: Schema | undefined): unknown =>
	schema?.type !== "number" && Number.isInteger(value) ? BigInt(value) : value;

const celString = (value: string, schema: Schema | undefined, types: CelTypes): unknown => {
	if (schema?.format === "date-time" || schema?.format === "date") return new Date(value);
	if (schema?.format === "byte") return Buffer.from(value, "base64");
	return schema?.format === "duration" ? types.duration(value) : value;
};

const celRecord = (value: JsonRecord, schema: Schema | undefined, types: CelTypes): Map<string, unknown> => {
	const fields = new Map<string, unknown>();
	for (const [name, child] of Object.entries(value)) {
		const property = schema?.properties.get(name);
		const inner = property ?? schema?.additionalProperties;
		const key = property === undefined ? name : celName(name);
		if (child !== null || property?.nullable !== false)
			fields.set(key, toCel(child, inner === true ? undefined : inner, types));
	}
	return fields;
};

/** What only the CEL library can make. */
export interface CelTypes {
	duration(text: string): unknown;
}

/**
 * A JSON value as rules see it: whole numbers as 64-bit integers, times and bytes by their format, objects as maps whose
 * property names are escaped.
 */
export const toCel = (value: unknown, schema: Schema | undefined, types: CelTypes): unknown => {
	if (typeof value === "number") return celNumber(value, schema);
	if (typeof value === "string") return celString(value, schema, types);
	if (Array.isArray(value)) return value.map((item) => toCel(item, schema?.items, types));
	return isRecord(value) ? celRecord(value, schema, types) : value;
};
