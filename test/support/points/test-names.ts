const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;
const INSERTION = String.raw`\$\{(?:[^{}]|\{[^{}]*\})*\}`;
const TEMPLATE = String.raw`${"`"}(?:[^${"`"}\\$]|\\.|\$(?!\{)|${INSERTION})*${"`"}`;

/** A call at the beginning of a line, so that no comment counts, and without `.skip` or `.todo`. */
const CALL = new RegExp(String.raw`^[ \t]*(?:await )?(?:t\.)?(?:test|it)\(\s*(${STRING}|${TEMPLATE})`, "gm");

/** How a suite that runs on several adapters names its cases. */
const CASE = new RegExp(String.raw`^[ \t]*(?:\{ )?name: (${STRING}|${TEMPLATE}),\s+run`, "gm");

/** The names of the tests in a file, as they stand there; what is put into a name is a `*`. */
export const testNames = (source: string): ReadonlySet<string> =>
	new Set([...source.matchAll(CALL), ...source.matchAll(CASE)].map(([, literal = '""']) => nameOf(literal)));

const nameOf = (literal: string): string =>
	literal.slice(1, -1).replaceAll(new RegExp(INSERTION, "g"), "*").replaceAll(/\\(.)/g, "$1");
