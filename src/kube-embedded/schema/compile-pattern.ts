/**
 * A pattern of the RE2 dialect as a regular expression: the named groups, the inline flags at the start and the classes
 * that JavaScript writes otherwise are turned into its own. Absent when there is no such expression.
 */
export const compilePattern = (pattern: string): RegExp | undefined => {
	const flagged = /^\(\?([ims]+)\)/.exec(pattern);
	const body = pattern
		.slice(flagged?.[0].length ?? 0)
		.replaceAll("(?P<", "(?<")
		.replace(/\\([AzQE])/g, (_, letter: string) => ({ A: "^", z: "$" })[letter] ?? "")
		.replaceAll("[:alnum:]", "a-zA-Z0-9")
		.replaceAll("[:alpha:]", "a-zA-Z")
		.replaceAll("[:digit:]", "0-9")
		.replaceAll("[:space:]", "\\s");
	for (const flags of ["u", ""])
		try {
			return new RegExp(body, `${flags}${flagged?.[1] ?? ""}`);
		} catch {
			// Not in Unicode mode: RE2 allows escapes that this mode refuses.
		}
	return undefined;
};
