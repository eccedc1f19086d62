import { isRecord } from "#/kube-embedded/json.ts";

/** The values that a path finds in a value, none where it leads nowhere. */
export type JsonPath = (value: unknown) => readonly unknown[];

const valuesOf = (value: unknown): readonly unknown[] =>
	Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];

const field =
	(name: string): JsonPath =>
	(value) =>
		isRecord(value) && Object.hasOwn(value, name) ? [value[name]] : [];

const index =
	(at: number): JsonPath =>
	(value) => {
		const found: unknown = Array.isArray(value) ? value.at(at) : undefined;
		return found === undefined ? [] : [found];
	};

const literalOf = (text: string): unknown => {
	const quoted = /^(["'])(.*)\1$/.exec(text);
	if (quoted !== null) return quoted[2];
	if (text === "true" || text === "false") return text === "true";
	return text !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
};

/** `[?(@.type=="Ready")]`: entries for which the comparison holds, or that have the field at all. */
const filter = (expression: string): JsonPath => {
	const match = /^@(?<path>[^=!<>]*?)\s*(?:(?<sign>==|!=)\s*(?<literal>.+))?$/.exec(expression.trim());
	if (match?.groups === undefined) throw new SyntaxError(`cannot read the filter ${expression}`);
	const path = parseJsonPath(match.groups.path ?? "");
	const { sign, literal } = match.groups;
	const expected = literalOf((literal ?? "").trim());
	return (value) =>
		valuesOf(value).filter((entry) => {
			const found = path(entry);
			if (sign === undefined) return found.length > 0;
			return found.length > 0 && (found[0] === expected) === (sign === "==");
		});
};

const bracket = (inside: string): JsonPath => {
	if (inside === "*") return valuesOf;
	const filtered = /^\?\((.*)\)$/.exec(inside);
	if (filtered !== null) return filter(filtered[1] ?? "");
	if (/^-?\d+$/.test(inside)) return index(Number(inside));
	const quoted = /^(["'])(.*)\1$/.exec(inside);
	if (quoted !== null) return field(quoted[2] ?? "");
	throw new SyntaxError(`cannot read [${inside}]`);
};

const STEP = /\.(?<wild>\*)|\.(?<name>(?:\\.|[^.[\]\\])+)|\[(?<inside>\?\((?:[^()]|\([^()]*\))*\)|[^\]]*)\]/gy;

/**
 * Reads a path of the kind that CRDs have in `jsonPath`, `labelSelectorPath` and the like: fields (dots escaped by a
 * backslash), indexes, `[*]`, `['name']` and filters such as `[?(@.type=="Ready")]`.
 *
 * @throws SyntaxError when it is something else
 */
export const parseJsonPath = (text: string): JsonPath => {
	const path = text.trim().replace(/^\{(.*)\}$/, "$1");
	const steps: JsonPath[] = [];
	let read = 0;
	for (const { 0: step, groups } of path.matchAll(STEP)) {
		read += step.length;
		if (groups?.wild !== undefined) steps.push(valuesOf);
		else if (groups?.name !== undefined) steps.push(field(groups.name.replace(/\\(.)/g, "$1")));
		else steps.push(bracket(groups?.inside ?? ""));
	}
	if (read !== path.length) throw new SyntaxError(`cannot read the path ${text}`);
	return (value) => steps.reduce<readonly unknown[]>((found, step) => found.flatMap(step), [value]);
};
