import type { ListType } from "./kind-rules.ts";
import type { Schema } from "./structural-schema.ts";

/** The schema at a path of field names, list steps left out; absent where the schema says nothing. */
const schemaAt = (root: Schema, path: readonly string[]): Schema | undefined => {
	let schema: Schema | undefined = root;
	for (const name of path) {
		while (schema?.items !== undefined) schema = schema.items;
		const child: Schema | true | undefined = schema?.properties.get(name) ?? schema?.additionalProperties;
		schema = child === true ? undefined : child;
	}
	return schema;
};

const keysOf = (schema: Schema): ListType => {
	const fallbacks: Record<string, unknown> = {};
	for (const key of schema.listMapKeys) {
		const fallback = schema.items?.properties.get(key)?.fallback;
		if (fallback !== undefined) fallbacks[key] = fallback.value;
	}
	return { keys: schema.listMapKeys, fallbacks };
};

/** How the list at a path merges; lists that the schema does not know are replaced whole. */
export const listTypeAt = (root: Schema, path: readonly string[]): ListType => {
	const schema = schemaAt(root, path);
	if (schema?.listType === "map") return keysOf(schema);
	return schema?.listType === "set" ? "set" : "atomic";
};

/** Whether the map or object at a path, or each in the list there, is replaced whole. */
export const isAtomicAt = (root: Schema, path: readonly string[]): boolean => {
	let schema = schemaAt(root, path);
	while (schema?.items !== undefined) schema = schema.items;
	return schema?.atomicMap === true;
};

/** Whether the schema names the field at a path, rather than letting any name be there. */
export const declaresAt = (root: Schema, path: readonly string[]): boolean => {
	let parent = schemaAt(root, path.slice(0, -1));
	while (parent?.items !== undefined) parent = parent.items;
	return parent?.properties.has(path.at(-1) ?? "") === true;
};
