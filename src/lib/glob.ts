/** A compiled pattern: tells whether a slash-separated name matches. */
export type GlobMatcher = (name: string) => boolean;

/** A component of a pattern that stands for any number of components. */
const GLOBSTAR = "**";

/**
 * Compiles a glob over slash-separated names: `?` is one character and `*` any run of characters within a component,
 * `**` as a whole component is any number of components, none included (`team/**` matches `team` and `team/a/b`).
 * Everything else stands for itself; there is no escape. The whole name must match, and the empty name has no component.
 *
 * The cost of a match is at most the product of the two lengths, whatever the pattern: patterns come from tenants, and
 * a regular expression made of one can be made to run for hours.
 *
 * @example compileGlob("team-*\/**")("team-a/web/front") === true
 */
export const compileGlob = (pattern: string): GlobMatcher => {
	const wanted = componentsOf(pattern);
	if (wanted.every(isLiteral)) return (name) => name === pattern;
	return (name) => matchSequence(wanted, componentsOf(name), isGlobstar, matchComponent);
};

const isGlobstar = (component: string): boolean => component === GLOBSTAR;

const isRun = (character: string): boolean => character === "*";

const componentsOf = (text: string): readonly string[] => (text === "" ? [] : text.split("/"));

const isLiteral = (component: string): boolean => !component.includes("*") && !component.includes("?");

const matchComponent = (pattern: string, component: string): boolean =>
	isLiteral(pattern)
		? pattern === component
		: matchSequence([...pattern], [...component], isRun, (want, char) => want === "?" || want === char);

/**
 * Matches a sequence of tests against a sequence of values, where a `wild` test stands for any number of values. The
 * cost is at most the product of the two lengths.
 */
export const matchSequence = <Want>(
	wanted: readonly Want[],
	given: ArrayLike<string>,
	isWild: (want: Want) => boolean,
	matches: (want: Want, value: string) => boolean,
): boolean => {
	let w = 0;
	let retryFrom = -1;
	let retryAt = 0;
	for (let g = 0; g < given.length; ) {
		const want = wanted[w];
		const value = given[g];
		if (want !== undefined && isWild(want)) {
			retryFrom = ++w;
			retryAt = g;
		} else if (want !== undefined && value !== undefined && matches(want, value)) {
			w++;
			g++;
		} else if (retryFrom !== -1) {
			// Only the last wildcard is tried longer: what an earlier one took is never worth taking back.
			w = retryFrom;
			g = ++retryAt;
		} else {
			return false;
		}
	}
	return wanted.slice(w).every(isWild);
};
