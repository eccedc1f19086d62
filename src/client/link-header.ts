const LINK = /<([^<>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^\s;,"]*))*)/g;
const NEXT = /;\s*rel\s*=\s*"?\s*next\s*"?/i;

/** Where a Link header says that the next page is (RFC 8288), absolute or relative; undefined: this is the last one. */
export const nextOf = (header: string | undefined): string | undefined => {
	for (const [, target, parameters = ""] of (header ?? "").matchAll(LINK)) {
		if (NEXT.test(parameters)) return target;
	}
	return undefined;
};
