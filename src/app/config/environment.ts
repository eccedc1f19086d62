import type { z } from "zod";
import { readYaml, YamlError } from "./read-yaml.ts";

/** The environment, as a record. */
export type Environment = { readonly [name: string]: string | undefined };

const PREFIX = "LIMANI";

/** A document as it was parsed from YAML. */
export type RawDocument = { [key: string]: unknown };

/**
 * Lays the environment over a configuration document: `LIMANI_DATABASE_POSTGRES_URL` sets `database.postgres.url`.
 * Every key of the schema has such a name; below `stores` it is that of the store, by default `default`.
 *
 * @returns a new document, with the names of the variables that were used
 * @throws YamlError
 */
export const overlayEnvironment = (
	schema: z.ZodType,
	document: RawDocument,
	environment: Environment,
): { readonly document: RawDocument; readonly used: readonly string[] } => {
	const result = structuredClone(document);
	const used: string[] = [];
	for (const { path, type } of leavesOf(schema, document, [])) {
		const name = variableOf(path);
		const text = environment[name];
		if (text === undefined || text === "") continue;
		setIn(result, path, type === "string" ? text : readVariable(name, text));
		used.push(name);
	}
	return { document: result, used };
};

const readVariable = (name: string, text: string): unknown => {
	try {
		return readYaml(text);
	} catch (error) {
		if (!(error instanceof YamlError)) throw error;
		throw new YamlError(`${name}: expected a value in YAML (${error.message})`, { cause: error });
	}
};

/** The environment variable that sets the key at `path`. */
export const variableOf = (path: readonly string[]): string => [PREFIX, ...path.map(toUpperSnake)].join("_");

interface Leaf {
	readonly path: readonly string[];
	readonly type: string;
}

/** What the walk needs to see of a zod definition. */
interface Definition {
	readonly type: string;
	readonly innerType?: z.ZodType;
	readonly in?: z.ZodType;
	readonly shape?: { readonly [key: string]: z.ZodType };
	readonly valueType?: z.ZodType;
}

function* leavesOf(schema: z.ZodType, document: unknown, path: readonly string[]): Generator<Leaf> {
	const definition: Definition = schema._zod.def;
	const inner = definition.innerType ?? definition.in;
	if (inner !== undefined) {
		yield* leavesOf(inner, document, path);
	} else if (definition.shape !== undefined) {
		for (const [key, child] of Object.entries(definition.shape))
			yield* leavesOf(child, memberOf(document, key), [...path, key]);
	} else if (definition.type === "record" && definition.valueType !== undefined) {
		for (const key of new Set(["default", ...keysOf(document)])) {
			yield* leavesOf(definition.valueType, memberOf(document, key), [...path, key]);
		}
	} else {
		yield { path, type: definition.type };
	}
}

const isRecord = (value: unknown): value is RawDocument =>
	typeof value === "object" && value !== null && !Array.isArray(value);

const memberOf = (value: unknown, key: string): unknown => (isRecord(value) ? value[key] : undefined);

const keysOf = (value: unknown): readonly string[] => (isRecord(value) ? Object.keys(value) : []);

const toUpperSnake = (key: string): string =>
	key
		.replace(/([a-z0-9])([A-Z])/g, "$1_$2")
		.replace(/-/g, "_")
		.toUpperCase();

const setIn = (document: RawDocument, path: readonly string[], value: unknown): void => {
	let node = document;
	for (const key of path.slice(0, -1)) {
		const child = node[key];
		const next = isRecord(child) ? child : {};
		node[key] = next;
		node = next;
	}
	const last = path.at(-1);
	if (last !== undefined) node[last] = value;
};
