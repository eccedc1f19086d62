import { z } from "zod";
import { variableOf } from "#/app/config/environment.ts";
import { configSchema } from "#/app/config/schema.ts";

/** What is looked at of a JSON Schema. */
const nodeSchema = z.object({
	type: z.string().optional(),
	description: z.string().optional(),
	default: z.unknown().optional(),
	format: z.string().optional(),
	enum: z.array(z.string()).optional(),
	minimum: z.number().optional(),
	maximum: z.number().optional(),
	anyOf: z.array(z.unknown()).optional(),
	required: z.array(z.string()).default([]),
	items: z.unknown().optional(),
	properties: z.record(z.string(), z.unknown()).optional(),
	additionalProperties: z.unknown().optional(),
});

type Node = z.output<typeof nodeSchema>;

/** A key of the configuration, as its reference tells of it. */
interface Key {
	readonly path: string;
	readonly type: string;
	readonly default: string;
	readonly meaning: string;
	readonly variable: string;
}

/** The start of what {@link withReference} replaces; it goes on to the end of the page. */
const MARK = "<!-- Below this line: npm run generate, from src/app/config/schema.ts -->";

/** A page with the reference of all keys in place of what it has below the mark. @throws Error without the mark */
export const withReference = (page: string): string => {
	const at = page.indexOf(MARK);
	if (at < 0) throw new Error(`the page has no line ${MARK}`);
	return `${page.slice(0, at + MARK.length)}\n\n${formatReference()}`;
};

const formatReference = (): string => {
	const sections = Map.groupBy(listKeys(), ({ path }) => /^([^.]+)\./.exec(path)?.[1] ?? "General");
	return [...sections].map(([title, keys]) => formatSection(title, keys)).join("\n");
};

/** Every key. @throws Error when one has no description */
const listKeys = (): readonly Key[] => {
	const schema = z.toJSONSchema(configSchema, { io: "input", unrepresentable: "any" });
	return [...keysOf(nodeSchema.parse(schema), [], { isRequired: false, isInList: false })];
};

interface Place {
	readonly isRequired: boolean;
	/** Below a list there are no variables. */
	readonly isInList: boolean;
}

function* keysOf(node: Node, path: readonly string[], place: Place): Generator<Key> {
	const items = node.items === undefined ? undefined : nodeSchema.parse(node.items);
	if (node.properties !== undefined && Object.keys(node.properties).length > 0) {
		for (const [name, child] of Object.entries(node.properties)) {
			const isRequired = node.required.includes(name);
			yield* keysOf(nodeSchema.parse(child), [...path, name], { ...place, isRequired });
		}
	} else if (typeof node.additionalProperties === "object") {
		yield* keysOf(nodeSchema.parse(node.additionalProperties), [...path, "NAME"], place);
	} else {
		yield keyOf(node, path, place);
		if (items?.properties !== undefined) {
			yield* keysOf(items, [...path.slice(0, -1), `${path.at(-1)}[]`], { isRequired: false, isInList: true });
		}
	}
}

const keyOf = (node: Node, path: readonly string[], { isRequired, isInList }: Place): Key => {
	const name = path.join(".");
	if (node.description === undefined) throw new Error(`${name} has no description`);
	const [, meaning = "", said] = /^(.*?)(?:; default: (.+))?$/s.exec(node.description) ?? [];
	return {
		path: name,
		type: typeOf(node),
		default: said ?? (node.default === undefined ? (isRequired ? "required" : "none") : formatDefault(node.default)),
		meaning,
		variable: isInList || node.type === "object" ? "" : `\`${variableOf(path)}\``,
	};
};

const typeOf = (node: Node): string => {
	if (node.enum !== undefined) return node.enum.map((value) => `\`${value}\``).join(", ");
	if (node.anyOf !== undefined) return "duration";
	switch (node.type) {
		case "integer":
			return `integer${rangeOf(node)}`;
		case "boolean":
			return "`true`, `false`";
		case "array":
			return `list of ${listed(nodeSchema.parse(node.items))}`;
		case "object":
			return "`{}`";
		default:
			return node.format === "uri" ? "URL" : "text";
	}
};

const listed = (items: Node): string => {
	if (items.properties !== undefined) return "the keys below";
	return items.enum === undefined ? "text" : typeOf(items);
};

const rangeOf = ({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: Node): string =>
	maximum === Number.MAX_SAFE_INTEGER ? ` from ${minimum}` : ` from ${minimum} to ${maximum}`;

const formatDefault = (value: unknown): string => (value === "" ? "empty" : `\`${toText(value)}\``);

const toText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const formatSection = (title: string, keys: readonly Key[]): string =>
	[
		`### ${title}`,
		"",
		"| key | type | default | meaning | variable |",
		"|---|---|---|---|---|",
		...keys.map(
			({ path, type, default: fallback, meaning, variable }) =>
				`| \`${path}\` | ${type} | ${fallback} | ${meaning.replaceAll("|", "\\|")} | ${variable} |`,
		),
		"",
	].join("\n");
