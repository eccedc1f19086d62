import { isRecord } from "./json-record.ts";
import type { Schema } from "./structural-schema.ts";

const jsonType = (value: unknown): string => {
	if (Array.isArray(value)) return "array";
	return typeof value === "boolean" ? "bool" : typeof value;
};

const expectedType = (schema: Schema): string | undefined => {
	const { type, format, additionalProperties } = schema;
	if (type === "string") return "string";
	if (type === "boolean") return "bool";
	if (type === "integer") return format ?? "int64";
	if (type !== "object" || additionalProperties === undefined || additionalProperties === true) return undefined;
	return `map[string]${additionalProperties.format === "byte" ? "[]uint8" : "string"}`;
};

const isOfType = (value: unknown, { type }: Schema): boolean => {
	if (type === "object") return isRecord(value);
	if (type === "array") return Array.isArray(value);
	if (type === "integer") return Number.isInteger(value);
	return type === undefined || typeof value === type;
};

/** The first character that base64 does not have, or what ends too early. */
const badBase64 = (text: string): string | undefined => {
	const content = text.replace(/[\r\n]/g, "");
	if (/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(content)) return undefined;
	const at = content.search(/[^A-Za-z0-9+/]/);
	return `illegal base64 data at input byte ${at < 0 ? Math.floor(content.length / 4) * 4 : at}`;
};

interface Place {
	/** The Go struct that holds the field. */
	readonly struct: string;
	readonly path: string;
}

/** Structs whose names messages tell, by the path of the field that holds one; others are named after that field. */
const STRUCTS: Readonly<Record<string, string>> = { metadata: "ObjectMeta" };

/**
 * Why a value of a built-in kind cannot be decoded, in the words of the decoder, which stops at the first one; undefined
 * when it can.
 *
 * @param place `struct`: the kind at first; `path` empty at first
 */
export const decodeProblem = (value: unknown, schema: Schema, { struct, path }: Place): string | undefined => {
	if (value === null || value === undefined) return undefined;
	if (!isOfType(value, schema)) {
		const expected = expectedType(schema) ?? `v1.${STRUCTS[path] ?? struct}`;
		return `json: cannot unmarshal ${jsonType(value)} into Go struct field ${struct}.${path} of type ${expected}`;
	}
	if (typeof value === "string") return schema.format === "byte" ? badBase64(value) : undefined;
	const { items } = schema;
	if (Array.isArray(value)) {
		const found = items === undefined ? [] : value.map((item) => decodeProblem(item, items, { struct, path }));
		return found.find((problem) => problem !== undefined);
	}
	if (!isRecord(value)) return undefined;
	for (const [name, field] of Object.entries(value)) {
		const known = schema.properties.get(name);
		const child = known ?? schema.additionalProperties;
		if (child === undefined || child === true) continue;
		const holder = path === "" ? struct : (STRUCTS[path] ?? struct);
		const at = known === undefined ? path : path === "" ? name : `${path}.${name}`;
		const problem = decodeProblem(field, child, { struct: known === undefined ? struct : holder, path: at });
		if (problem !== undefined) return problem;
	}
	return undefined;
};
