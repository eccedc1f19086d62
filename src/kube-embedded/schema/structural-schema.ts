import { isRecord, type JsonRecord, listAt, recordAt, stringAt } from "./json-record.ts";

/** The JSON types that a structural schema knows. */
type SchemaType = "object" | "array" | "string" | "integer" | "number" | "boolean";

/** One entry of `x-kubernetes-validations`. */
export interface ValidationRule {
	readonly rule: string;
	readonly message: string | undefined;
	readonly messageExpression: string | undefined;
	readonly reason: string | undefined;
	readonly fieldPath: string | undefined;
	readonly optionalOldSelf: boolean;
}

/** The limits on a value. Absent: none. */
export interface ValueBounds {
	readonly minimum: number | undefined;
	readonly maximum: number | undefined;
	readonly exclusiveMinimum: boolean;
	readonly exclusiveMaximum: boolean;
	readonly multipleOf: number | undefined;
	readonly minLength: number | undefined;
	readonly maxLength: number | undefined;
	readonly pattern: string | undefined;
	readonly format: string | undefined;
	readonly minItems: number | undefined;
	readonly maxItems: number | undefined;
	readonly uniqueItems: boolean;
	readonly minProperties: number | undefined;
	readonly maxProperties: number | undefined;
	readonly enumeration: readonly unknown[] | undefined;
}

/** A structural schema, read once from its JSON. */
export interface Schema extends ValueBounds {
	readonly type: SchemaType | undefined;
	readonly properties: ReadonlyMap<string, Schema>;
	/** True: any value under any further name. */
	readonly additionalProperties: Schema | true | undefined;
	readonly items: Schema | undefined;
	readonly required: readonly string[];
	/** Absent when the schema has no default. */
	readonly fallback: { readonly value: unknown } | undefined;
	readonly nullable: boolean;
	readonly preserveUnknown: boolean;
	readonly embeddedResource: boolean;
	readonly intOrString: boolean;
	readonly listType: "atomic" | "set" | "map";
	readonly listMapKeys: readonly string[];
	/** A map or object that is owned and replaced whole. */
	readonly atomicMap: boolean;
	readonly rules: readonly ValidationRule[];
	readonly allOf: readonly Schema[];
	readonly anyOf: readonly Schema[];
	readonly oneOf: readonly Schema[];
	readonly not: Schema | undefined;
}

const numberAt = (json: JsonRecord, key: string): number | undefined => {
	const value = json[key];
	return typeof value === "number" ? value : undefined;
};

const schemasAt = (json: JsonRecord, key: string): readonly Schema[] => listAt(json, key).map(readSchema);

const schemaAt = (json: JsonRecord, key: string): Schema | undefined =>
	isRecord(json[key]) ? readSchema(json[key]) : undefined;

const types: ReadonlySet<string> = new Set(["object", "array", "string", "integer", "number", "boolean"]);

const isSchemaType = (value: unknown): value is SchemaType => typeof value === "string" && types.has(value);

const readRule = (json: unknown): ValidationRule => {
	const rule = isRecord(json) ? json : {};
	return {
		rule: stringAt(rule, "rule") ?? "",
		message: stringAt(rule, "message"),
		messageExpression: stringAt(rule, "messageExpression"),
		reason: stringAt(rule, "reason"),
		fieldPath: stringAt(rule, "fieldPath"),
		optionalOldSelf: rule.optionalOldSelf === true,
	};
};

const readBounds = (json: JsonRecord): ValueBounds => ({
	minimum: numberAt(json, "minimum"),
	maximum: numberAt(json, "maximum"),
	exclusiveMinimum: json.exclusiveMinimum === true,
	exclusiveMaximum: json.exclusiveMaximum === true,
	multipleOf: numberAt(json, "multipleOf"),
	minLength: numberAt(json, "minLength"),
	maxLength: numberAt(json, "maxLength"),
	pattern: stringAt(json, "pattern"),
	format: stringAt(json, "format"),
	minItems: numberAt(json, "minItems"),
	maxItems: numberAt(json, "maxItems"),
	uniqueItems: json.uniqueItems === true,
	minProperties: numberAt(json, "minProperties"),
	maxProperties: numberAt(json, "maxProperties"),
	enumeration: Array.isArray(json.enum) ? json.enum : undefined,
});

const listTypeOf = (json: JsonRecord): Schema["listType"] => {
	const type = json["x-kubernetes-list-type"];
	return type === "set" || type === "map" ? type : "atomic";
};

const readComposition = (json: JsonRecord) => ({
	allOf: schemasAt(json, "allOf"),
	anyOf: schemasAt(json, "anyOf"),
	oneOf: schemasAt(json, "oneOf"),
	not: schemaAt(json, "not"),
});

const readShape = (json: JsonRecord) => ({
	properties: new Map(Object.entries(recordAt(json, "properties")).map(([name, value]) => [name, readSchema(value)])),
	additionalProperties: json.additionalProperties === true ? (true as const) : schemaAt(json, "additionalProperties"),
	items: schemaAt(json, "items"),
	required: listAt(json, "required").filter((name) => typeof name === "string"),
});

/** Reads the JSON of a schema. What is not well-formed in it counts as absent: whether it is structural is another's check. */
export const readSchema = (source: unknown): Schema => {
	const json = isRecord(source) ? source : {};
	return {
		...readBounds(json),
		...readShape(json),
		...readComposition(json),
		type: isSchemaType(json.type) ? json.type : undefined,
		fallback: json.default === undefined ? undefined : { value: json.default },
		nullable: json.nullable === true,
		preserveUnknown: json["x-kubernetes-preserve-unknown-fields"] === true,
		embeddedResource: json["x-kubernetes-embedded-resource"] === true,
		intOrString: json["x-kubernetes-int-or-string"] === true,
		listType: listTypeOf(json),
		listMapKeys: listAt(json, "x-kubernetes-list-map-keys").filter((key) => typeof key === "string"),
		atomicMap: json["x-kubernetes-map-type"] === "atomic",
		rules: listAt(json, "x-kubernetes-validations").map(readRule),
	};
};
