import { badRequest } from "#/kube-embedded/status-error.ts";

/** Whether the value of a label, undefined where an object does not have it, is meant. */
type LabelTest = (value: string | undefined) => boolean;

/** One condition of a label selector. */
export interface LabelTerm {
	readonly key: string;
	readonly test: LabelTest;
}

const SIGNS = ["=", "==", "!=", "<", ">", "!", "(", ")", ","];

/** Signs are read as long as they go on making one: `===` is `==` and `=`. */
const tokensOf = (text: string): string[] => {
	const tokens: string[] = [];
	for (const [part] of text.matchAll(/[=!(),<>]+|[^\s=!(),<>]+/g)) {
		if (!SIGNS.includes(part[0] ?? "")) {
			tokens.push(part);
			continue;
		}
		let sign = "";
		for (const character of part) {
			if (sign !== "" && !SIGNS.includes(sign + character)) {
				tokens.push(sign);
				sign = "";
			}
			sign += character;
		}
		tokens.push(sign);
	}
	return tokens;
};

/** The end is an empty token. */
class Tokens {
	readonly #tokens: string[];

	constructor(text: string) {
		this.#tokens = tokensOf(text);
	}

	get next(): string {
		return this.#tokens[0] ?? "";
	}

	take(): string {
		return this.#tokens.shift() ?? "";
	}
}

const isWord = (token: string): boolean => token !== "" && !SIGNS.includes(token);

const unreadable = (why: string): Error => badRequest(`unable to parse requirement: ${why}`);

const setOf = (tokens: Tokens): readonly string[] => {
	const open = tokens.take();
	if (open !== "(") throw unreadable(`found '${open}' expected: '('`);
	const values: string[] = [];
	let value = "";
	for (;;) {
		const token = tokens.take();
		if (token === ")") return value === "" && values.length === 0 ? values : [...values, value];
		if (token === ",") {
			values.push(value);
			value = "";
		} else if (isWord(token) && value === "") value = token;
		else throw unreadable(`found '${token}', expected: ${value === "" ? "',', or identifier" : "',' or ')'"}`);
	}
};

const exactValue = (tokens: Tokens): string => {
	if (tokens.next === "" || tokens.next === ",") return "";
	const token = tokens.take();
	if (isWord(token)) return token;
	throw unreadable(`found '${token}', expected: identifier`);
};

const numeric = (sign: string, text: string): LabelTest => {
	if (!/^[-+]?\d+$/.test(text)) {
		const rule = "for 'Gt', 'Lt' operators, the value must be an integer";
		throw unreadable(`values[0]: Invalid value: ${JSON.stringify(text)}: ${rule}`);
	}
	const bound = Number(text);
	const holds = (value: number): boolean => (sign === "<" ? value < bound : value > bound);
	return (value) => value !== undefined && /^[-+]?\d+$/.test(value) && holds(Number(value));
};

const testOf = (tokens: Tokens): LabelTest => {
	const operator = tokens.take();
	if (operator === "in" || operator === "notin") {
		const values = setOf(tokens);
		const isIn: LabelTest = (value) => value !== undefined && values.includes(value);
		return operator === "in" ? isIn : (value) => !isIn(value);
	}
	if (operator === "<" || operator === ">") return numeric(operator, exactValue(tokens));
	if (!["=", "==", "!="].includes(operator)) {
		throw unreadable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
	}
	const wanted = exactValue(tokens);
	return (value) => (value === wanted) === (operator !== "!=");
};

const termOf = (tokens: Tokens): LabelTerm => {
	const absent = tokens.next === "!";
	if (absent) tokens.take();
	const key = tokens.take();
	if (!isWord(key)) throw unreadable(`found '${key}', expected: identifier`);
	if (absent) return { key, test: (value) => value === undefined };
	if (tokens.next === "" || tokens.next === ",") return { key, test: (value) => value !== undefined };
	return { key, test: testOf(tokens) };
};

/** The conditions of a label selector, all of which must hold; none: all objects. @throws StatusError BadRequest */
export const parseLabelTerms = (text: string): readonly LabelTerm[] => {
	const tokens = new Tokens(text);
	const terms: LabelTerm[] = [];
	for (;;) {
		if (tokens.next === "") return terms;
		if (!isWord(tokens.next) && tokens.next !== "!") {
			throw badRequest(`found '${tokens.next}', expected: !, identifier, or 'end of string'`);
		}
		terms.push(termOf(tokens));
		const between = tokens.take();
		if (between === "") return terms;
		if (between !== ",") throw badRequest(`found '${between}', expected: ',' or 'end of string'`);
		const { next } = tokens;
		if (!isWord(next) && next !== "!") throw badRequest(`found '${next}', expected: identifier after ','`);
	}
};
