import { isRecord, listAt, textAt } from "#/kube-embedded/json.ts";
import type { Column } from "./column.ts";
import { humanAge } from "./human-duration.ts";
import { parseJsonPath } from "./json-path.ts";
import { AGE_COLUMN, NAME_COLUMN } from "./standard-columns.ts";

const TYPES: readonly Column["type"][] = ["string", "integer", "number", "boolean", "date"];

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const cellOf = (type: Column["type"], found: readonly unknown[], now: number): ReturnType<Column["cell"]> => {
	const [first] = found;
	if (first === undefined || first === null) return null;
	if (type === "string") return found.map(textOf).join(" ");
	if (type === "date") return humanAge(first, now);
	if (type === "boolean") return typeof first === "boolean" ? first : null;
	if (typeof first !== "number") return null;
	return type === "integer" ? Math.trunc(first) : first;
};

const columnOf = (wanted: unknown): Column => {
	const path = parseJsonPath(textAt(wanted, "jsonPath") ?? "");
	const type = TYPES.find((known) => known === textAt(wanted, "type")) ?? "string";
	const priority = isRecord(wanted) && typeof wanted.priority === "number" ? wanted.priority : 0;
	return {
		name: textAt(wanted, "name") ?? "",
		type,
		format: textAt(wanted, "format"),
		description:
			textAt(wanted, "description") ??
			`Custom resource definition column (in JSONPath format): ${textAt(wanted, "jsonPath")}`,
		priority,
		cell: (object, now) => cellOf(type, path(object), now),
	};
};

/**
 * The columns of one version of a CRD: its own, or the age alone when it names none.
 *
 * @throws SyntaxError when a `jsonPath` cannot be read
 */
export const crdColumns = (version: unknown): readonly Column[] => {
	const own = listAt(version, "additionalPrinterColumns").map(columnOf);
	return [NAME_COLUMN, ...(own.length === 0 ? [AGE_COLUMN] : own)];
};
