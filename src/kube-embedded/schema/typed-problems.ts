import { goType } from "./go-type.ts";
import { isRecord, type JsonRecord } from "./json-record.ts";
import type { Schema } from "./structural-schema.ts";

const shown = (value: unknown): string => `&value.valueUnstructured{Value:${JSON.stringify(value)}}`;

const plainly = (value: unknown): string => `&{${typeof value === "string" ? value : JSON.stringify(value)}}`;

const scalarProblem = (value: unknown, { type, intOrString }: Schema): string | undefined => {
	if (intOrString || type === undefined) return undefined;
	if (type === "string") return typeof value === "string" ? undefined : `expected string, got ${shown(value)}`;
	if (type === "boolean") return typeof value === "boolean" ? undefined : `expected boolean, got ${plainly(value)}`;
	return typeof value === "number" ? undefined : `expected numeric (int or float), got ${goType(value)}`;
};

const stepOf = (item: unknown, at: number, { listType, listMapKeys, items }: Schema): string => {
	if (listType === "set") return `[=${JSON.stringify(item)}]`;
	if (listType === "atomic" || !isRecord(item)) return `[${at}]`;
	const keys = listMapKeys.toSorted().flatMap((key) => {
		const value = item[key] ?? items?.properties.get(key)?.fallback?.value;
		return value === undefined ? [] : [`${key}=${JSON.stringify(value)}`];
	});
	return `[${keys.join(",")}]`;
};

const ofRecord = (record: JsonRecord, schema: Schema, path: string): string[] => {
	const found: string[] = [];
	const keeps = schema.preserveUnknown || schema.embeddedResource || schema.additionalProperties === true;
	for (const name of Object.keys(record).toSorted()) {
		const child = schema.properties.get(name) ?? schema.additionalProperties;
		const at = `${path}.${name}`;
		if (child === undefined && !keeps) return [...found, `${at}: field not declared in schema`];
		if (child !== undefined && child !== true) found.push(...typedProblems(record[name], child, at));
	}
	return found;
};

/**
 * Why a value cannot be read by a schema at all, as server-side apply tells of it: values of another type, fields that
 * are not known. Of an object, nothing behind the first unknown field is told.
 *
 * @param path of the value; empty for the object itself
 */
export const typedProblems = (value: unknown, schema: Schema, path: string): readonly string[] => {
	if (value === null || value === undefined) return [];
	if (schema.type === "object") {
		return isRecord(value) ? ofRecord(value, schema, path) : [`${path}: expected map, got ${plainly(value)}`];
	}
	const { items } = schema;
	if (schema.type === "array") {
		if (!Array.isArray(value)) return [`${path}: expected list, got ${plainly(value)}`];
		if (items === undefined) return [];
		const steps = value.map((item: unknown, at) => stepOf(item, at, schema));
		return value.flatMap((item: unknown, at) => {
			const step = steps[at] ?? "";
			const isRepeated = steps.indexOf(step) < at;
			const problems = typedProblems(item, items, `${path}${step}`);
			return isRepeated ? [...problems, `${path}: duplicate entries for key ${step}`] : problems;
		});
	}
	const problem = scalarProblem(value, schema);
	return problem === undefined ? [] : [`${path}: ${problem}`];
};
