import { isDeepStrictEqual } from "node:util";
import { invalid, required } from "./causes.ts";
import { checkBounds, checkType } from "./check-bounds.ts";
import { correlateField, correlateItems } from "./correlate.ts";
import { isRecord, type JsonRecord } from "./json-record.ts";
import type { FieldCause } from "./kind-rules.ts";
import { childPath } from "./prune.ts";
import type { Schema } from "./structural-schema.ts";

const checkChildren = (value: JsonRecord, previous: unknown, schema: Schema, path: string): FieldCause[] => {
	const causes: FieldCause[] = [];
	for (const [name, child] of Object.entries(value)) {
		const childSchema = schema.properties.get(name) ?? schema.additionalProperties;
		if (childSchema !== undefined && childSchema !== true)
			causes.push(...validate(child, correlateField(previous, name), childSchema, childPath(path, name)));
	}
	const missing = schema.required.filter((name) => !Object.hasOwn(value, name));
	causes.push(...missing.map((name) => required(childPath(path, name))));
	return causes;
};

const checkItems = (value: readonly unknown[], previous: unknown, schema: Schema, path: string): FieldCause[] => {
	const { items } = schema;
	if (items === undefined) return [];
	const before = correlateItems(previous, schema);
	return value.flatMap((item, at) => validate(item, before(item), items, `${path}[${at}]`));
};

const alternatives = (value: unknown, schemas: readonly Schema[], path: string): readonly FieldCause[][] =>
	schemas.map((schema) => validate(value, undefined, schema, path));

/** What the alternative that fits best has against a value. */
const nearest = (results: readonly FieldCause[][]): FieldCause[] =>
	results.toSorted((a, b) => a.length - b.length)[0] ?? [];

const passing = (results: readonly FieldCause[][]): number => results.filter((result) => result.length === 0).length;

const refused = (path: string, detail: string): FieldCause =>
	invalid("<nil>", "", `${JSON.stringify(path)} must ${detail}`);

const checkAllOf = (value: unknown, schemas: readonly Schema[], path: string): FieldCause[] => {
	const results = alternatives(value, schemas, path);
	const valid = passing(results);
	if (valid === schemas.length) return [];
	const none = valid === 0 ? ". None validated" : "";
	return [...results.flat(), refused(path, `validate all the schemas (allOf)${none}`)];
};

const checkAnyOf = (value: unknown, schemas: readonly Schema[], path: string): FieldCause[] => {
	const results = alternatives(value, schemas, path);
	return schemas.length === 0 || passing(results) > 0
		? []
		: [refused(path, "validate at least one schema (anyOf)"), ...nearest(results)];
};

const checkOneOf = (value: unknown, schemas: readonly Schema[], path: string): FieldCause[] => {
	const results = alternatives(value, schemas, path);
	const valid = passing(results);
	if (schemas.length === 0 || valid === 1) return [];
	const found = valid === 0 ? "Found none valid" : `Found ${valid} valid alternatives`;
	const cause = refused(path, `validate one and only one schema (oneOf). ${found}`);
	return valid === 0 ? [cause, ...nearest(results)] : [cause];
};

const checkComposition = (value: unknown, schema: Schema, path: string): FieldCause[] => {
	const { allOf, anyOf, oneOf, not } = schema;
	const forbidden = not !== undefined && validate(value, undefined, not, path).length === 0;
	return [
		...checkAllOf(value, allOf, path),
		...checkAnyOf(value, anyOf, path),
		...checkOneOf(value, oneOf, path),
		...(forbidden ? [refused(path, "not validate the schema (not)")] : []),
	];
};

const typeCauses = (value: unknown, schema: Schema, path: string): FieldCause[] => {
	if (schema.intOrString)
		return typeof value === "string" || Number.isInteger(value) ? [] : checkType(value, "integer,string", path);
	return schema.type === undefined ? [] : checkType(value, schema.type, path);
};

/**
 * What is wrong with a value by its schema, CEL rules left out. A value that did not change from `previous` is let
 * pass, whatever the schema says of it (ratcheting); `previous` undefined: it is new.
 */
export const validate = (value: unknown, previous: unknown, schema: Schema, path: string): FieldCause[] => {
	if (value === null && schema.nullable) return [];
	if (previous !== undefined && isDeepStrictEqual(value, previous)) return [];
	const causes = [
		...typeCauses(value, schema, path),
		...checkBounds(value, schema, path),
		...checkComposition(value, schema, path),
	];
	if (isRecord(value)) causes.push(...checkChildren(value, previous, schema, path));
	else if (Array.isArray(value)) causes.push(...checkItems(value, previous, schema, path));
	return causes;
};
