/** What a 401 asks for (RFC 9110, section 11.6.1). */
export interface Challenge {
	/** In lower case: `basic`, `bearer` … */
	readonly scheme: string;
	/** By names in lower case. */
	readonly parameters: Readonly<Record<string, string>>;
}

/** A scheme, or a parameter with its value, with the comma before it. */
const PART = /\s*,?\s*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/y;

/** The challenges of a WWW-Authenticate header, or of several joined by commas; what cannot be read ends the list. */
export const parseChallenges = (header: string | undefined): readonly Challenge[] => {
	const found: { readonly scheme: string; readonly parameters: Record<string, string> }[] = [];
	const text = header ?? "";
	PART.lastIndex = 0;
	for (let match = PART.exec(text); match !== null; match = PART.exec(text)) {
		const [, name = "", quoted, plain] = match;
		const value = quoted?.replace(/\\(.)/g, "$1") ?? plain;
		if (value === undefined) found.push({ scheme: name.toLowerCase(), parameters: {} });
		else Object.assign(found.at(-1)?.parameters ?? {}, { [name.toLowerCase()]: value });
	}
	return found;
};
