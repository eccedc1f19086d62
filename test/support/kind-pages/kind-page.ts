import { readFileSync } from "node:fs";
import { join } from "node:path";
import { toCrd } from "#/api/crd/to-crd.ts";
import type { CelRule } from "#/api/fields/rules.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { type Field, listFields } from "./list-fields.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** The start of what {@link withKind} replaces; it goes on to the end of the page. */
const MARK = "<!-- Below this line: npm run generate, from the kind and its example -->";

/** `robot-account` */
export const fileNameOf = ({ kind }: KindDefinition): string =>
	kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "-").toLowerCase();

/** A page of docs/kinds with all that the kind says of itself below the mark. @throws Error without the mark */
export const withKind = (page: string, kind: KindDefinition): string => {
	const at = page.indexOf(MARK);
	if (at < 0) throw new Error(`the page of ${kind.kind} has no line ${MARK}`);
	return `${page.slice(0, at + MARK.length)}\n\n${sectionsOf(kind).join("\n\n")}\n`;
};

const sectionsOf = (kind: KindDefinition): readonly string[] => {
	const schema = toCrd(kind).spec.versions[0]?.schema.openAPIV3Schema.properties ?? {};
	const spec = listFields(schema.spec ?? {}, "spec");
	const status = listFields(schema.status ?? {}, "status");
	// What may change once the status says something is told by the rule's message.
	const isForever = ({ rule }: CelRule): boolean => rule.includes("oldSelf") && !rule.includes("self.status");
	const fixed = new Set(kind.rules.filter(isForever).map(({ fieldPath }) => pathOf(fieldPath)));
	const whole = kind.rules.map(({ message, fieldPath }) => ({ path: pathOf(fieldPath), message }));
	const rules = [...whole.filter(({ path }) => !fixed.has(path)), ...spec.rules];
	const fields = spec.fields.map((field) => ({ ...field, isFixed: field.isFixed || fixed.has(field.path) }));
	const example = readFileSync(join(root, "examples", "kinds", `${fileNameOf(kind)}-simple.yaml`), "utf8");
	const complete = `${fileNameOf(kind)}-complete.yaml`;
	return [
		`## Example\n\n\`\`\`yaml\n${example}\`\`\`\n\nEvery field there is: [${complete}](../../examples/kinds/${complete}).`,
		`## Fields of spec\n\n${tableOf(fields)}`,
		...(rules.length === 0
			? []
			: [
					`What else must hold, as the API server says when it refuses:\n\n${rules.map(({ path, message }) => `- \`${path}\`: ${message}`).join("\n")}`,
				]),
		`## Fields of status\n\n${statusTable(status.fields)}`,
		`## Columns of kubectl get\n\n${columnsOf(kind)}`,
		`## Conditions\n\n${wordsOf("condition", kind.conditions, (word) => `\`${word}\``)}`,
		`Their reasons, with what to do about each:\n\n${wordsOf("reason", kind.reasons, (word) => `[\`${word}\`](../troubleshooting.md#${word.toLowerCase()})`)}`,
		`Short names: ${kind.shortNames.map((name) => `\`${name}\``).join(", ")}; with all others of Limani: \`kubectl get limani\`.${selectable(kind)}`,
	];
};

const pathOf = (fieldPath: string | undefined): string =>
	fieldPath === undefined ? "metadata.name" : fieldPath.slice(1);

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const tableOf = (fields: readonly Field[]): string =>
	[
		"| field | type | default | meaning |",
		"|---|---|---|---|",
		...fields.map(({ path, type, default: fallback, meaning, isFixed }) => {
			const fixed = isFixed ? ". **Cannot be changed**" : "";
			return `| \`${path.slice("spec.".length)}\` | ${cell(type)} | ${cell(fallback)} | ${cell(meaning)}${fixed} |`;
		}),
	].join("\n");

const statusTable = (fields: readonly Field[]): string =>
	[
		"| field | type | meaning |",
		"|---|---|---|",
		...fields.map(
			({ path, type, meaning }) => `| \`${path.slice("status.".length)}\` | ${cell(type)} | ${cell(meaning)} |`,
		),
	].join("\n");

const columnsOf = ({ columns }: KindDefinition): string =>
	[
		"| column | meaning |",
		"|---|---|",
		...columns.map(
			({ name, description, priority = 0 }) =>
				`| ${name}${priority === 0 ? "" : " (`-o wide`)"} | ${cell(description)} |`,
		),
	].join("\n");

const wordsOf = (title: string, words: { readonly [word: string]: string }, show: (word: string) => string): string =>
	[
		`| ${title} | meaning |`,
		"|---|---|",
		...Object.entries(words).map(([word, meaning]) => `| ${show(word)} | ${cell(meaning)} |`),
	].join("\n");

const selectable = ({ selectableFields, plural }: KindDefinition): string =>
	selectableFields.length === 0
		? ""
		: ` Those of one Registry: \`kubectl get ${plural} --field-selector ${selectableFields.map((path) => `${path.slice(1)}=NAME`).join(",")}\`.`;
