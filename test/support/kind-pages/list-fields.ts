import { type StructuralSchema, toStructural } from "#/api/crd/structural-schema.ts";
import { duration } from "#/api/fields/durations.ts";
import { scheduleField } from "#/api/kinds/policy-scope.ts";

/** A field of a kind, as its page tells of it. */
export interface Field {
	/** From the root: `spec.secret.copyTo`; members of lists as `spec.permissions[].project`. */
	readonly path: string;
	readonly type: string;
	readonly default: string;
	readonly meaning: string;
	/** Whether it stays what it was at first. */
	readonly isFixed: boolean;
}

/** What a rule says of a field. */
interface FieldRule {
	readonly path: string;
	readonly message: string;
}

/** Everything below a schema that a page tells of. @param path of the schema itself */
export const listFields = (
	schema: StructuralSchema,
	path: string,
): { readonly fields: readonly Field[]; readonly rules: readonly FieldRule[] } => {
	const fields = [...fieldsIn(schema, path)];
	return { fields, rules: [...rulesIn(schema, path)] };
};

function* fieldsIn(schema: StructuralSchema, path: string): Generator<Field> {
	const fixed = fixedMembers(schema);
	for (const [name, child] of Object.entries(schema.properties ?? {})) {
		const at = `${path}.${name}`;
		const isRequired = schema.required?.includes(name) === true;
		yield fieldOf(child, at, { isRequired, isFixed: fixed.has(name) || isFixed(child) });
		if (isClosed(child)) continue;
		yield* fieldsIn(child, at);
		if (child.items !== undefined) yield* fieldsIn(child.items, `${at}[]`);
	}
}

interface Place {
	readonly isRequired: boolean;
	readonly isFixed: boolean;
}

const fieldOf = (schema: StructuralSchema, path: string, { isRequired, isFixed }: Place): Field => {
	const { description = "" } = schema;
	const [, meaning = "", said, where = ""] =
		/^(.*?)(?:; default: (.+?)(\. In a cluster.*)?)?$/s.exec(description) ?? [];
	if (meaning === "") throw new Error(`${path} has no description`);
	// Times have no pattern: RFC 3339 is checked otherwise.
	const type = path.endsWith("Time") ? "time" : typeOf(schema);
	return {
		path,
		type,
		default: isRequired ? "required" : (said ?? defaultOf(schema, type)),
		meaning: `${meaning.replace("; cannot be changed", "")}${where}`,
		isFixed,
	};
};

const defaultOf = ({ default: value }: StructuralSchema, type: string): string => {
	if (value === undefined || type === OBJECT) return "";
	return value === "" ? "empty" : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
};

const OBJECT = "the fields below";

/** What is told by its pattern. */
const PATTERNS: ReadonlyMap<unknown, string> = new Map(
	[
		{ schema: duration, type: "duration, such as `12h`" },
		{ schema: scheduleField, type: "five fields of cron" },
	].map(({ schema, type }) => {
		const { pattern } = toStructural(schema);
		if (pattern === undefined) throw new Error(`there is no pattern of a ${type}`);
		return [pattern, type];
	}),
);

const typeOf = (schema: StructuralSchema): string => {
	if (isSelector(schema)) return "label selector";
	if (isPodField(schema)) return "as in a pod";
	if (isConditions(schema)) return "list of conditions";
	if (schema["x-kubernetes-int-or-string"] === true) return "amount, such as `10Gi`";
	switch (schema.type) {
		case "string":
			return Array.isArray(schema.enum) ? wordsOf(schema.enum) : (PATTERNS.get(schema.pattern) ?? "text");
		case "integer":
			return `integer${rangeOf(schema)}`;
		case "boolean":
			return "boolean";
		case "array":
			return `list of ${listed(schema.items ?? {})}${schema.maxItems === undefined ? "" : `, at most ${schema.maxItems}`}`;
		default:
			return schema.additionalProperties === undefined ? OBJECT : "map of text";
	}
};

const wordsOf = (words: readonly unknown[]): string => words.map((word) => `\`${String(word)}\``).join(", ");

const listed = (items: StructuralSchema): string => {
	if (items.properties !== undefined) return OBJECT;
	return Array.isArray(items.enum) ? wordsOf(items.enum) : "text";
};

const rangeOf = ({ minimum, maximum }: StructuralSchema): string => {
	const least = typeof minimum === "number" ? ` from ${minimum}` : "";
	return `${least}${typeof maximum === "number" ? ` to ${maximum}` : ""}`;
};

const isSelector = ({ properties = {} }: StructuralSchema): boolean =>
	Object.keys(properties).toSorted().join() === "matchExpressions,matchLabels";

/** What Kubernetes itself defines for pods: its documentation has the rest. */
const isPodField = ({ properties = {}, items }: StructuralSchema): boolean => {
	const names = new Set(Object.keys(items?.properties ?? properties));
	return ["nodeAffinity", "topologyKey", "tolerationSeconds", "requests"].some((name) => names.has(name));
};

/** As every kind of Kubernetes has them. */
const isConditions = ({ items }: StructuralSchema): boolean => items?.properties?.lastTransitionTime !== undefined;

/** Whether its own fields are no matter of the page. */
const isClosed = (schema: StructuralSchema): boolean =>
	isSelector(schema) || isPodField(schema) || isConditions(schema);

interface Rule {
	readonly rule: string;
	readonly message: string;
	readonly fieldPath?: string;
}

const isRule = (value: unknown): value is Rule =>
	typeof value === "object" && value !== null && "rule" in value && "message" in value;

const rulesAt = (schema: StructuralSchema): readonly Rule[] => {
	const rules = schema["x-kubernetes-validations"];
	return Array.isArray(rules) ? rules.filter(isRule) : [];
};

const isFixed = (schema: StructuralSchema): boolean => rulesAt(schema).some(({ rule }) => rule === "self == oldSelf");

/** The members that a rule of their parent keeps as they were. */
const fixedMembers = (schema: StructuralSchema): ReadonlySet<string> =>
	new Set(
		rulesAt(schema).flatMap(({ rule }) => {
			const [, name] =
				/^has\(self\.(\w+)\) == has\(oldSelf\.\1\) && \(!has\(self\.\1\) \|\| self\.\1 == oldSelf\.\1\)$/.exec(rule) ??
				[];
			return name === undefined ? [] : [name];
		}),
	);

function* rulesIn(schema: StructuralSchema, path: string): Generator<FieldRule> {
	if (isClosed(schema)) return;
	const fixed = fixedMembers(schema);
	for (const { rule, message, fieldPath = "" } of rulesAt(schema)) {
		const isTold = rule === "self == oldSelf" || fixed.has(message.split(" ")[0] ?? "");
		if (!isTold) yield { path: `${path}${fieldPath}`, message };
	}
	for (const [name, child] of Object.entries(schema.properties ?? {})) yield* rulesIn(child, `${path}.${name}`);
	if (schema.items !== undefined) yield* rulesIn(schema.items, `${path}[]`);
}
