import { z } from "zod";

/** A schema as a CustomResourceDefinition has it. */
export interface StructuralSchema {
	readonly description?: string;
	readonly type?: "object" | "array" | "string" | "integer" | "boolean";
	readonly format?: string;
	readonly default?: unknown;
	readonly properties?: { readonly [name: string]: StructuralSchema };
	readonly additionalProperties?: StructuralSchema;
	readonly items?: StructuralSchema;
	readonly required?: readonly string[];
	readonly [keyword: string]: unknown;
}

/** What zod makes of a schema. */
type Emitted = z.core.JSONSchema.BaseSchema;

/**
 * The structural schema of what may be written for a zod schema. What zod says in ways that a structural schema cannot
 * have is said otherwise; a schema that cannot be said so is a mistake of ours.
 *
 * @throws Error for unions, references and whatever else has no structural form
 */
export const toStructural = (schema: z.ZodType): StructuralSchema => {
	const emitted = z.toJSONSchema(schema, {
		target: "openapi-3.0",
		io: "input",
		reused: "inline",
		override: ({ jsonSchema }) => rewrite(jsonSchema),
	});
	return completeDefaults(structural(emitted, ""));
};

/** Bounds that only say what a type can hold, in place of which stands its format. */
const rewrite = (node: Emitted): void => {
	if (node["x-kubernetes-int-or-string"] === true) {
		// The one union that a structural schema may have, and in this form alone: bounds stand beside it.
		const [integer, text] = (node.anyOf ?? []).filter((branch) => typeof branch === "object");
		const { type: _integer, maximum: _maximum, format: _format, ...bounds } = integer ?? {};
		const { type: _string, ...limits } = text ?? {};
		Object.assign(node, bounds, limits, { anyOf: [{ type: "integer" }, { type: "string" }] });
		return;
	}
	if (node.type === "integer") {
		node.format = node.maximum === Number.MAX_SAFE_INTEGER ? "int64" : "int32";
		if (node.maximum === Number.MAX_SAFE_INTEGER || node.maximum === 2 ** 31 - 1) delete node.maximum;
		if (node.minimum === Number.MIN_SAFE_INTEGER || node.minimum === -(2 ** 31)) delete node.minimum;
	}
	// JavaScript alone wants the slash escaped.
	if (node.pattern !== undefined) node.pattern = node.pattern.replaceAll("\\/", "/");
};

const KEYWORDS: ReadonlySet<string> = new Set([
	"type",
	"format",
	"description",
	"default",
	"enum",
	"required",
	"minimum",
	"maximum",
	"minLength",
	"maxLength",
	"pattern",
	"minItems",
	"maxItems",
	"maxProperties",
]);

const structural = (node: unknown, path: string): StructuralSchema => {
	const isTyped = typeof node === "object" && node !== null && ("type" in node || "x-kubernetes-int-or-string" in node);
	if (!isTyped) throw new Error(`${path || "(root)"}: no type`);
	const result: { [keyword: string]: unknown } = {};
	for (const [keyword, value] of Object.entries(node)) {
		if (keyword === "properties" && typeof value === "object" && value !== null) {
			result[keyword] = Object.fromEntries(
				Object.entries(value).map(([name, child]) => [name, structural(child, `${path}.${name}`)]),
			);
		} else if (keyword === "items") {
			const items = structural(value, `${path}[]`);
			result[keyword] = isWholeList(node) ? withoutDefaults(items) : items;
		} else if (keyword === "additionalProperties") {
			result[keyword] = structural(value, `${path}.*`);
		} else if (KEYWORDS.has(keyword) || keyword.startsWith("x-kubernetes-") || isIntOrString(node, keyword)) {
			result[keyword] = value;
		} else {
			throw new Error(`${path || "(root)"}: ${keyword} has no place in a structural schema`);
		}
	}
	return result;
};

const isWholeList = (node: object): boolean =>
	"x-kubernetes-list-type" in node && node["x-kubernetes-list-type"] === "atomic";

/**
 * In a list that is written whole, what is missing stays missing in the API server and is filled in when we read it.
 * A list that differed from what its owner wrote would be in conflict with whoever else applies the same.
 */
const withoutDefaults = ({ default: _default, ...schema }: StructuralSchema): StructuralSchema => {
	const { properties, items, additionalProperties } = schema;
	const result: { [keyword: string]: unknown } = { ...schema };
	if (properties !== undefined) {
		result.properties = Object.fromEntries(
			Object.entries(properties).map(([name, child]) => [name, withoutDefaults(child)]),
		);
	}
	if (items !== undefined) result.items = withoutDefaults(items);
	if (additionalProperties !== undefined) result.additionalProperties = withoutDefaults(additionalProperties);
	return result;
};

const isIntOrString = (node: object, keyword: string): boolean =>
	keyword === "anyOf" && "x-kubernetes-int-or-string" in node;

/**
 * Defaults with the defaults of what is in them: before the API server accepts a definition, it judges each default as
 * it is written, by rules that look at those fields.
 */
const completeDefaults = (schema: StructuralSchema): StructuralSchema => {
	const { properties, items, additionalProperties } = schema;
	const result: { [keyword: string]: unknown } = { ...schema };
	if (properties !== undefined) {
		result.properties = Object.fromEntries(
			Object.entries(properties).map(([name, child]) => [name, completeDefaults(child)]),
		);
	}
	if (items !== undefined) result.items = completeDefaults(items);
	if (additionalProperties !== undefined) result.additionalProperties = completeDefaults(additionalProperties);
	if ("default" in schema) result.default = withDefaults(result, schema.default);
	return result;
};

/** A value with the defaults that a schema has for what is missing in it. */
export const withDefaults = (schema: StructuralSchema, value: unknown): unknown => {
	if (Array.isArray(value)) {
		const { items } = schema;
		return items === undefined ? value : value.map((member) => withDefaults(items, member));
	}
	if (typeof value !== "object" || value === null) return value;
	const result: { [name: string]: unknown } = { ...value };
	for (const [name, child] of Object.entries(schema.properties ?? {})) {
		if (result[name] === undefined && child.default !== undefined) result[name] = child.default;
		if (result[name] !== undefined) result[name] = withDefaults(child, result[name]);
	}
	return result;
};
