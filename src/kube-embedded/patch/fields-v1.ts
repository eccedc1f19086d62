import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import { type FieldTree, type GrowingTree, growingTree } from "./field-tree.ts";

/** A set of fields as `fieldsV1` writes it. */
export const encodeFields = (tree: FieldTree): Record<string, unknown> => {
	const fields: Record<string, unknown> = {};
	if (tree.member && tree.children.size > 0) fields["."] = {};
	for (const [step, child] of [...tree.children].sort(([a], [b]) => (a < b ? -1 : 1)))
		fields[step] = encodeFields(child);
	return fields;
};

const decode = (fields: Readonly<Record<string, unknown>>): GrowingTree => {
	const tree = growingTree();
	const steps = Object.entries(fields);
	tree.member = steps.length === 0 || "." in fields;
	for (const [step, child] of steps) if (step !== ".") tree.children.set(step, decode(isRecord(child) ? child : {}));
	return tree;
};

/** Reads `fieldsV1`; anything else is the empty set. */
export const decodeFields = (fields: unknown): FieldTree => {
	if (!isRecord(fields) || Object.keys(fields).length === 0) return growingTree();
	return decode(fields);
};

const shownKeys = (json: string): string => {
	const keys: unknown = JSON.parse(json);
	return isRecord(keys)
		? Object.entries(keys)
				.map(([name, value]) => `${name}=${JSON.stringify(value)}`)
				.join(",")
		: json;
};

/** A path as messages show it, such as `.spec.members[name="a"].role`. */
export const showPath = (path: readonly string[]): string =>
	path
		.map((step) => {
			const rest = step.slice(2);
			if (step.startsWith("f:")) return `.${rest}`;
			if (step.startsWith("k:")) return `[${shownKeys(rest)}]`;
			return step.startsWith("v:") ? `[=${rest}]` : `[${rest}]`;
		})
		.join("");
