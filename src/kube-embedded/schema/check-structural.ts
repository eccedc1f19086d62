import { forbidden, invalid, notSupported, required } from "./causes.ts";
import { celMessage, compileRule } from "./cel/compile-rule.ts";
import { compilePattern } from "./compile-pattern.ts";
import { isRecord, type JsonRecord, listAt, recordAt, stringAt } from "./json-record.ts";
import type { FieldCause } from "./kind-rules.ts";
import { readSchema } from "./structural-schema.ts";
import { validate } from "./validate.ts";

const types: ReadonlySet<unknown> = new Set(["object", "array", "string", "integer", "number", "boolean"]);

const junctors = ["allOf", "anyOf", "oneOf"] as const;

/** What may not stand inside allOf, anyOf, oneOf and not: it says what a value is, not whether it is good. */
const structuralOnly = [
	"type",
	"default",
	"nullable",
	"description",
	"title",
	"additionalProperties",
	"x-kubernetes-preserve-unknown-fields",
	"x-kubernetes-embedded-resource",
	"x-kubernetes-int-or-string",
	"x-kubernetes-list-type",
	"x-kubernetes-list-map-keys",
	"x-kubernetes-map-type",
] as const;

const isSet = (value: unknown): boolean => value !== undefined && value !== "" && value !== false;

/** `anyOf: [{type: integer}, {type: string}]` is how int-or-string may be written out. */
const isIntOrStringForm = (schema: JsonRecord): boolean => {
	const named = listAt(schema, "anyOf").map((one) => (isRecord(one) ? one.type : undefined));
	return schema["x-kubernetes-int-or-string"] === true && named.join() === "integer,string";
};

const checkJunctor = (schema: unknown, path: string): FieldCause[] => {
	if (!isRecord(schema)) return [];
	const own = structuralOnly
		.filter((name) => isSet(schema[name]))
		.map((name) => forbidden(`${path}.${name}`, "must be empty to be structural"));
	const properties = Object.entries(recordAt(schema, "properties")).flatMap(([name, child]) =>
		checkJunctor(child, `${path}.properties[${name}]`),
	);
	return [...own, ...properties, ...checkJunctor(schema.items, `${path}.items`), ...checkJunctors(schema, path)];
};

const checkJunctors = (schema: JsonRecord, path: string): FieldCause[] => {
	const causes = junctors.flatMap((name) =>
		name === "anyOf" && isIntOrStringForm(schema)
			? []
			: listAt(schema, name).flatMap((one, at) => checkJunctor(one, `${path}.${name}[${at}]`)),
	);
	return [...causes, ...checkJunctor(schema.not, `${path}.not`)];
};

const checkType = (schema: JsonRecord, path: string): FieldCause[] => {
	const type = schema.type;
	const free = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
	if (!isSet(type)) return free ? [] : [required(`${path}.type`, "must not be empty for specified object fields")];
	return types.has(type) ? [] : [notSupported(`${path}.type`, type, [...types].sort())];
};

const checkList = (schema: JsonRecord, path: string): FieldCause[] => {
	const causes: FieldCause[] = [];
	const kind = schema["x-kubernetes-list-type"];
	const keys = listAt(schema, "x-kubernetes-list-map-keys");
	if (schema.type === "array" && !isRecord(schema.items)) causes.push(required(`${path}.items`, "must be specified"));
	if (kind !== undefined && schema.type !== "array")
		causes.push(invalid(`${path}.type`, schema.type ?? "", "must be array if x-kubernetes-list-type is specified"));
	if (kind === "map" && keys.length === 0)
		causes.push(required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map"));
	const items = recordAt(schema, "items");
	for (const [at, key] of keys.entries())
		if (typeof key !== "string" || recordAt(items, "properties")[key] === undefined)
			causes.push(
				invalid(`${path}.x-kubernetes-list-map-keys[${at}]`, key, "entries must all be names of item properties"),
			);
		else if (!listAt(items, "required").includes(key) && !isSet(recordAt(recordAt(items, "properties"), key).default))
			causes.push(
				required(
					`${path}.items.properties[${key}].default`,
					"this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
				),
			);
	return causes;
};

const checkWords = (schema: JsonRecord, path: string): FieldCause[] => {
	const causes: FieldCause[] = [];
	const pattern = stringAt(schema, "pattern");
	if (pattern !== undefined && compilePattern(pattern) === undefined)
		causes.push(invalid(`${path}.pattern`, pattern, "must be a valid regular expression"));
	if (schema.additionalProperties === false)
		causes.push(forbidden(`${path}.additionalProperties`, "must not be false"));
	if (isRecord(schema.additionalProperties) && Object.keys(recordAt(schema, "properties")).length > 0)
		causes.push(forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive"));
	for (const name of ["$ref", "patternProperties", "definitions", "dependencies"])
		if (schema[name] !== undefined) causes.push(forbidden(`${path}.${name}`, `${name} is not supported`));
	if (schema.uniqueItems === true)
		causes.push(
			forbidden(
				`${path}.uniqueItems`,
				"uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
			),
		);
	return causes;
};

const checkRules = (schema: JsonRecord, path: string): FieldCause[] =>
	readSchema({ "x-kubernetes-validations": schema["x-kubernetes-validations"] }).rules.flatMap((rule, at) => {
		try {
			compileRule(rule);
			return [];
		} catch (error) {
			return [
				invalid(
					`${path}.x-kubernetes-validations[${at}].rule`,
					{ rule: rule.rule, ...(rule.message === undefined ? {} : { message: rule.message }) },
					`compilation failed: ${celMessage(error)}`,
				),
			];
		}
	});

const checkDefault = (schema: JsonRecord, path: string): FieldCause[] =>
	schema.default === undefined ? [] : validate(schema.default, undefined, readSchema(schema), `${path}.default`);

const checkSchema = (schema: JsonRecord, path: string): FieldCause[] => {
	const own = [checkType, checkList, checkWords, checkRules, checkDefault, checkJunctors].flatMap((check) =>
		check(schema, path),
	);
	const { items, additionalProperties } = schema;
	const properties = Object.entries(recordAt(schema, "properties")).flatMap(([name, child]) =>
		checkSchema(isRecord(child) ? child : {}, `${path}.properties[${name}]`),
	);
	return [
		...own,
		...properties,
		...(isRecord(items) ? checkSchema(items, `${path}.items`) : []),
		...(isRecord(additionalProperties) ? checkSchema(additionalProperties, `${path}.additionalProperties`) : []),
	];
};

/** What keeps the schema of a kind from being structural, so that objects could not be pruned and defaulted by it. */
export const checkStructural = (schema: JsonRecord, path: string): FieldCause[] => [
	...(schema.type === "object" ? [] : [invalid(`${path}.type`, schema.type ?? "", "must be object at the root")]),
	...checkSchema(schema, path),
];
