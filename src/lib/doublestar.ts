import { CodedError } from "./coded-error.ts";
import { type GlobMatcher, matchSequence } from "./glob.ts";

/** A pattern that cannot be read. SYNTAX: it is not one. SIZE: its braces stand for too much. */
class PatternError extends CodedError<"SYNTAX" | "SIZE"> {
	override readonly name = "PatternError";
}

/** What the braces of one pattern may stand for: patterns without braces, and members of them all together. */
const MAX_ALTERNATIVES = 256;
const MAX_MEMBERS = 2_048;

/** One character, or any run of them. */
type Member =
	| { readonly kind: "character"; readonly is: string }
	| { readonly kind: "class"; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
	| { readonly kind: "any" }
	| { readonly kind: "run" }
	| { readonly kind: "slash" };

type Node = Member | { readonly kind: "choice"; readonly of: readonly (readonly Node[])[] };

/** A component of a name: the members that it must have, or any number of components. */
type Component = readonly Member[] | "globstar";

/**
 * Compiles a glob over slash-separated names, in the manner of Harbor's selectors: `*` is any run of characters and `?`
 * one character within a component, `[a-z]` one of those, `[^a-z]` and `[!a-z]` one of the others, `{a,b}` one of
 * several patterns, `**` as a whole component any number of components, none included; `\` takes a character for what
 * it is. The whole name must match. `**` alone matches everything.
 *
 * The cost of a match is at most the length of the name times what the braces stand for, which is bounded: patterns
 * come from tenants, and a regular expression made of one can be made to run for hours.
 *
 * @throws PatternError
 * @example compileDoublestar("release-{1,2}.*")("release-2.7") === true
 */
export const compileDoublestar = (pattern: string): GlobMatcher => {
	if (pattern === "**") return () => true;
	const alternatives = expand(new Reader(pattern).read());
	const literals = new Set<string>();
	const globs: (readonly Component[])[] = [];
	for (const members of alternatives) {
		const text = literalOf(members);
		if (text === undefined) globs.push(componentsOf(members));
		else literals.add(text);
	}
	if (globs.length === 0) return (name) => literals.has(name);
	return (name) => {
		if (literals.has(name)) return true;
		const given = name === "" ? [] : name.split("/");
		return globs.some((wanted) => matchSequence(wanted, given, isGlobstar, matchComponent));
	};
};

/**
 * What patterns cost together: their characters, or those that they stand for once their braces are written out, whichever
 * are more. A match takes at most so many steps for each character of the name. What cannot be read costs nothing.
 */
export const weighPatterns = (patterns: readonly string[]): number =>
	patterns.reduce((sum, pattern) => sum + weigh(pattern), 0);

const weigh = (pattern: string): number => {
	try {
		return Math.max(pattern.length, countMembers(expand(new Reader(pattern).read())));
	} catch (error) {
		if (error instanceof PatternError) return 0;
		throw error;
	}
};

/** Whether a pattern can be read: undefined, or what is wrong with it. */
export const explainBadPattern = (pattern: string): string | undefined => {
	try {
		compileDoublestar(pattern);
		return undefined;
	} catch (error) {
		if (error instanceof PatternError) return error.message;
		throw error;
	}
};

/**
 * Compiles a selection of names: those that one of `matching` matches and none of `excluding`.
 *
 * @throws PatternError
 */
export const compilePatterns = ({
	matching,
	excluding,
}: {
	readonly matching: readonly string[];
	readonly excluding: readonly string[];
}): GlobMatcher => {
	const isWanted = compileAny(matching);
	const isExcluded = compileAny(excluding);
	return (name) => isWanted(name) && !isExcluded(name);
};

/** Compiles several patterns of which one must match. @throws PatternError */
export const compileAny = (patterns: readonly string[]): GlobMatcher => {
	const matchers = patterns.map(compileDoublestar);
	return (name) => matchers.some((matches) => matches(name));
};

const isGlobstar = (component: Component): boolean => component === "globstar";

const matchComponent = (wanted: Component, given: string): boolean =>
	wanted !== "globstar" && matchSequence(wanted, given, isRun, matchMember);

const isRun = (member: Member): boolean => member.kind === "run";

const matchMember = (member: Member, character: string): boolean => {
	switch (member.kind) {
		case "character":
			return member.is === character;
		case "class":
			return member.ranges.some(([from, to]) => from <= character && character <= to) !== member.negated;
		default:
			return member.kind === "any";
	}
};

const literalOf = (members: readonly Member[]): string | undefined => {
	let text = "";
	for (const member of members) {
		if (member.kind === "slash") text += "/";
		else if (member.kind === "character") text += member.is;
		else return undefined;
	}
	return text;
};

const componentsOf = (members: readonly Member[]): readonly Component[] => {
	const components: Member[][] = [[]];
	for (const member of members) {
		if (member.kind === "slash") components.push([]);
		else components.at(-1)?.push(member);
	}
	return components.map((each) => (each.length === 2 && each.every(isRun) ? "globstar" : each));
};

/** All that a pattern with braces stands for. The work is in proportion to that, and ends where it is too much. */
const expand = (nodes: readonly Node[]): readonly (readonly Member[])[] => {
	let found: Member[][] = [[]];
	let members = 0;
	for (const node of nodes) {
		const endings = node.kind === "choice" ? node.of.flatMap(expand) : [[node]];
		members = members * endings.length + countMembers(endings) * found.length;
		if (found.length * endings.length > MAX_ALTERNATIVES || members > MAX_MEMBERS) throw tooMuch();
		const [only = []] = endings;
		if (endings.length > 1) found = found.flatMap((start) => endings.map((end) => [...start, ...end]));
		else if (only.length > 0) for (const start of found) start.push(...only);
	}
	return found;
};

const countMembers = (found: readonly (readonly Member[])[]): number =>
	found.reduce((sum, members) => sum + members.length, 0);

const tooMuch = (): PatternError =>
	new PatternError("SIZE", `its braces stand for more than ${MAX_ALTERNATIVES} patterns, or for too long ones`);

const OPEN_CLASS = "a [ without its ]";

/** Reads a pattern from its beginning. */
class Reader {
	readonly #pattern: string;
	#at = 0;

	constructor(pattern: string) {
		this.#pattern = pattern;
	}

	/** @throws PatternError */
	read(): readonly Node[] {
		return this.#readUntil("");
	}

	/** Up to one of `ends`, which is not taken; outside braces, where there is none, up to the end. */
	#readUntil(ends: string): readonly Node[] {
		const nodes: Node[] = [];
		while (this.#at < this.#pattern.length && !(ends !== "" && ends.includes(this.#peek()))) {
			nodes.push(this.#readNode(this.#take()));
		}
		return nodes;
	}

	#readNode(character: string): Node {
		switch (character) {
			case "*":
				return { kind: "run" };
			case "?":
				return { kind: "any" };
			case "/":
				return { kind: "slash" };
			case "[":
				return this.#readClass();
			case "{":
				return this.#readChoice();
			default:
				return { kind: "character", is: this.#unescape(character) };
		}
	}

	#readChoice(): Node {
		const of: (readonly Node[])[] = [];
		do {
			of.push(this.#readUntil(",}"));
		} while (this.#take("a { without its }") === ",");
		return { kind: "choice", of };
	}

	#readClass(): Node {
		const negated = this.#peek() === "^" || this.#peek() === "!";
		if (negated) this.#at += 1;
		const ranges: (readonly [string, string])[] = [];
		while (this.#peek() !== "]") {
			const from = this.#unescape(this.#take(OPEN_CLASS));
			const isRange = this.#peek() === "-" && this.#pattern.charAt(this.#at + 1) !== "]";
			if (isRange) this.#at += 1;
			const to = isRange ? this.#unescape(this.#take(OPEN_CLASS)) : from;
			if (to < from) throw new PatternError("SYNTAX", `the range ${from}-${to} has its ends the wrong way round`);
			ranges.push([from, to]);
		}
		this.#at += 1;
		if (ranges.length === 0) throw new PatternError("SYNTAX", "[] has no characters");
		return { kind: "class", negated, ranges };
	}

	#unescape(character: string): string {
		return character === "\\" ? this.#take("nothing after its last \\") : character;
	}

	#peek(): string {
		return this.#pattern.charAt(this.#at);
	}

	/** @param fault what is wrong where nothing is left */
	#take(fault = ""): string {
		const character = this.#peek();
		if (character === "") throw new PatternError("SYNTAX", `it has ${fault}`);
		this.#at += 1;
		return character;
	}
}
