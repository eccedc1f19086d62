import { isRecord } from "./json-record.ts";
import { setField } from "./own-fields.ts";
import type { Schema } from "./structural-schema.ts";

/** What pruning leaves, and the paths of what it dropped. */
export interface Pruned {
	readonly value: unknown;
	readonly unknown: readonly string[];
}

/** `a.b`, or `b` at the top. */
export const childPath = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);

const identity: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata"]);

interface Walk {
	readonly unknown: string[];
	/** Set below a field that keeps what the schema does not know. */
	readonly keep: boolean;
}

const schemaOf = (schema: Schema | undefined, name: string): Schema | true | undefined =>
	schema?.properties.get(name) ?? schema?.additionalProperties;

const pruneRecord = (
	record: Readonly<Record<string, unknown>>,
	schema: Schema | undefined,
	path: string,
	walk: Walk,
) => {
	const kept: Record<string, unknown> = {};
	const keep = walk.keep || schema?.preserveUnknown === true;
	for (const [name, value] of Object.entries(record)) {
		const child = schemaOf(schema, name);
		const at = childPath(path, name);
		if (child === true) setField(kept, name, value);
		else if (child !== undefined) setField(kept, name, walkValue(value, child, at, { ...walk, keep: false }));
		else if (keep) setField(kept, name, walkValue(value, undefined, at, { ...walk, keep }));
		else if (schema?.embeddedResource === true && identity.has(name)) setField(kept, name, value);
		else walk.unknown.push(at);
	}
	return kept;
};

const walkValue = (value: unknown, schema: Schema | undefined, path: string, walk: Walk): unknown => {
	const keep = walk.keep || schema?.preserveUnknown === true;
	if (Array.isArray(value))
		return value.map((item, at) => walkValue(item, schema?.items, `${path}[${at}]`, { ...walk, keep }));
	return isRecord(value) ? pruneRecord(value, schema, path, walk) : value;
};

/** Drops the fields that the schema does not know. The value is left as it is; a new one is given. */
export const prune = (value: unknown, schema: Schema): Pruned => {
	const unknown: string[] = [];
	return { value: walkValue(value, schema, "", { unknown, keep: false }), unknown };
};
