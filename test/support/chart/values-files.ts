import { stringify } from "yaml";
import { z } from "zod";

/** What is looked at of a JSON Schema. */
const nodeSchema = z.object({
	type: z.string().optional(),
	description: z.string().optional(),
	default: z.unknown().optional(),
	enum: z.array(z.string()).optional(),
	anyOf: z.array(z.unknown()).optional(),
	properties: z.record(z.string(), z.unknown()).optional(),
	additionalProperties: z.unknown().optional(),
	items: z.unknown().optional(),
});

type Node = z.output<typeof nodeSchema>;

/** One value that can be set. */
interface Value {
	readonly path: string;
	readonly type: string;
	readonly default: unknown;
	readonly meaning: string;
}

/** What lists are of. */
const LISTED: { readonly [type: string]: string } = { object: "objects", integer: "numbers" };

/** Width of the comments in values.yaml. */
const WIDTH = 116;

/** The schema that helm checks values by: what is not named in it is refused. */
export const valuesSchema = (values: z.ZodObject, title: string): string => {
	const schema = z.toJSONSchema(values, {
		target: "draft-7",
		io: "input",
		override: ({ jsonSchema }) => {
			if (jsonSchema.type === "object" && jsonSchema.properties !== undefined) jsonSchema.additionalProperties = false;
			// What only the API server's own definitions say.
			for (const key of Object.keys(jsonSchema)) if (key.startsWith("x-")) delete jsonSchema[key];
		},
	});
	return `${JSON.stringify({ $schema: schema.$schema, title, ...schema }, undefined, "\t")}\n`;
};

/** values.yaml: every value with its default, and above it what it means. */
export const valuesYaml = (values: z.ZodObject): string =>
	[
		"# Generated from the schema of the values by npm run generate. Do not edit.",
		"",
		...linesOf(nodeOf(values), 0),
	].join("\n");

/** A table of all values, for the chart's README. */
export const valuesTable = (values: z.ZodObject): string =>
	[
		"| value | type | default | meaning |",
		"|---|---|---|---|",
		...[...valuesOf(nodeOf(values), [])].map(
			({ path, type, default: fallback, meaning }) =>
				`| \`${path}\` | ${type} | ${fallback === "" ? "empty" : `\`${JSON.stringify(fallback)}\``} | ${meaning.replaceAll("|", "\\|")} |`,
		),
		"",
	].join("\n");

const nodeOf = (values: z.ZodObject): Node => nodeSchema.parse(z.toJSONSchema(values, { io: "input" }));

/** A node whose members are values of their own, rather than one value. */
const membersOf = (node: Node): readonly (readonly [name: string, child: Node])[] =>
	node.properties === undefined || (node.default !== undefined && !isEmpty(node.default))
		? []
		: Object.entries(node.properties).map(([name, child]) => [name, nodeSchema.parse(child)]);

const isEmpty = (value: unknown): boolean =>
	typeof value === "object" && value !== null && Object.keys(value).length === 0;

/** Kubernetes' own forms, which have members without defaults, are one value each. */
const isGroup = (node: Node): boolean => {
	const members = membersOf(node);
	return members.length > 0 && members.every(([, child]) => child.default !== undefined || isGroup(child));
};

function* linesOf(node: Node, depth: number): Generator<string> {
	const indent = "  ".repeat(depth);
	for (const [name, child] of membersOf(node)) {
		for (const line of wrap(describe(child), WIDTH - indent.length)) yield `${indent}# ${line}`;
		if (isGroup(child)) {
			yield `${indent}${name}:`;
			yield* linesOf(child, depth + 1);
		} else {
			const text = stringify({ [name]: child.default }, { lineWidth: 0 }).trimEnd();
			yield* text.split("\n").map((line) => `${indent}${line}`);
		}
		if (depth === 0) yield "";
	}
}

function* valuesOf(node: Node, path: readonly string[]): Generator<Value> {
	for (const [name, child] of membersOf(node)) {
		const here = [...path, name];
		if (isGroup(child)) yield* valuesOf(child, here);
		else yield { path: here.join("."), type: typeOf(child), default: child.default, meaning: describe(child) };
	}
}

const describe = ({ description }: Node): string => {
	if (description === undefined) throw new Error("a value has no description");
	return description;
};

const typeOf = (node: Node): string => {
	if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(", ");
	if (node.anyOf !== undefined) return "quantity";
	switch (node.type) {
		case "boolean":
			return "`true`, `false`";
		case "array":
			return `list of ${LISTED[nodeSchema.parse(node.items).type ?? ""] ?? "texts"}`;
		case "string":
			return "text";
		default:
			return node.type ?? "any";
	}
};

function* wrap(text: string, width: number): Generator<string> {
	let line = "";
	for (const word of text.split(" ")) {
		if (line !== "" && line.length + word.length + 1 > width) {
			yield line;
			line = "";
		}
		line = line === "" ? word : `${line} ${word}`;
	}
	yield line;
}
