import type { StructuralSchema } from "#/api/crd/structural-schema.ts";
import type { CustomResourceDefinition } from "#/api/crd/to-crd.ts";

/** Fields that stand for themselves: Kubernetes describes them. */
const UNDESCRIBED: ReadonlySet<string> = new Set([".metadata"]);

const CAMEL_CASE = /^[A-Z][A-Za-z]*$/;

/** Values that are a role of the registry, which knows them by these names since before there were resources. */
const ROLES: ReadonlySet<string> = new Set(["admin", "maintainer", "developer", "guest", "limitedGuest"]);

/** What a scope's action is called on the wire. */
const ACTIONS: ReadonlySet<string> = new Set(["pull", "push", "delete"]);

/**
 * What an API server, or a reader, would mind in a definition: one sentence each. An API server refuses what is not
 * structural and rules whose cost has no bound; the rest are conventions of the Kubernetes API.
 */
export const lintCrd = (crd: CustomResourceDefinition): readonly string[] =>
	crd.spec.versions.flatMap(({ schema }) => [...lint(schema.openAPIV3Schema, "", false)]);

function* lint(schema: StructuralSchema, path: string, isInUnion: boolean): Generator<string> {
	const at = path === "" ? "(root)" : path;
	const isIntOrString = schema["x-kubernetes-int-or-string"] === true;
	for (const keyword of ["$ref", "oneOf", "allOf", "not", "definitions", "nullable", "const"]) {
		if (keyword in schema) yield `${at}: ${keyword}`;
	}
	if ("anyOf" in schema && !isIntOrString) yield `${at}: anyOf`;
	if (schema.type === undefined && !isIntOrString && !isInUnion) yield `${at}: no type`;
	if ("x-kubernetes-preserve-unknown-fields" in schema) yield `${at}: unknown fields are kept`;
	if (/\.phase$/i.test(path)) yield `${at}: phase`;
	if (path.startsWith(".") && !/(\[\]|\.\*)$/.test(path) && !UNDESCRIBED.has(path)) {
		if (schema.description === undefined || schema.description.length < 5) yield `${at}: no description`;
	}
	yield* lintBounds(schema, at, isIntOrString);
	yield* lintChildren(schema, path);
}

function* lintBounds(schema: StructuralSchema, at: string, isIntOrString: boolean): Generator<string> {
	const { type, enum: values, pattern } = schema;
	if (String(type) === "number") yield `${at}: a float`;
	if (type === "array" && schema.maxItems === undefined) yield `${at}: a list without maxItems`;
	if (type === "array" && schema["x-kubernetes-list-type"] === undefined) yield `${at}: a list without a list type`;
	if (type === "object" && schema.additionalProperties !== undefined) {
		if (schema.maxProperties === undefined) yield `${at}: a map without maxProperties`;
		if (schema.properties !== undefined) yield `${at}: a map with properties`;
	}
	if ((type === "string" || isIntOrString) && values === undefined && schema.maxLength === undefined) {
		yield `${at}: a string without maxLength`;
	}
	if (type === "integer" && !["int32", "int64"].includes(schema.format ?? "")) yield `${at}: an integer without format`;
	for (const bound of [schema.minimum, schema.maximum]) {
		if (typeof bound === "number" && Math.abs(bound) >= Number.MAX_SAFE_INTEGER) yield `${at}: a bound of JavaScript`;
	}
	if (typeof pattern === "string" && /\(\?[=!<]|\\[1-9]|\\p|\\u/.test(pattern)) yield `${at}: a pattern that RE2 lacks`;
	for (const value of Array.isArray(values) ? values : []) {
		if (!CAMEL_CASE.test(value) && !ROLES.has(value) && !ACTIONS.has(value)) yield `${at}: the enum value ${value}`;
	}
}

function* lintChildren(schema: StructuralSchema, path: string): Generator<string> {
	const { properties = {}, items, additionalProperties, required = [] } = schema;
	for (const name of required) if (properties[name] === undefined) yield `${path}: requires ${name}, which is no field`;
	const keys = schema["x-kubernetes-list-map-keys"];
	for (const key of Array.isArray(keys) ? keys : []) {
		const isThere = items?.required?.includes(key) === true || items?.properties?.[key]?.default !== undefined;
		if (!isThere) yield `${path}: the key ${key} may be missing`;
	}
	for (const [name, child] of Object.entries(properties)) yield* lint(child, `${path}.${name}`, false);
	if (schema["x-kubernetes-list-type"] === "atomic" && items !== undefined) {
		for (const at of defaultsIn(items, `${path}[]`)) yield `${at}: a default in a list that is written whole`;
	}
	if (items !== undefined) {
		yield* lint(items, `${path}[]`, false);
		if (items.default !== undefined) yield `${path}[]: a default for members of lists`;
	}
	// What an API server says of it: additionalProperties is a schema or nothing.
	if (additionalProperties !== undefined) {
		if (typeof additionalProperties !== "object") yield `${path}: additionalProperties is no schema`;
		else yield* lint(additionalProperties, `${path}.*`, false);
	}
}

function* defaultsIn({ default: value, properties = {}, items }: StructuralSchema, path: string): Generator<string> {
	if (value !== undefined) yield path;
	for (const [name, child] of Object.entries(properties)) yield* defaultsIn(child, `${path}.${name}`);
	if (items !== undefined) yield* defaultsIn(items, `${path}[]`);
}
