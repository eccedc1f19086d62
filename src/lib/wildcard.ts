import { matchSequence } from "./glob.ts";

/**
 * Compiles a pattern over plain text: `*` is any run of characters, none included, and `?` is one; everything else stands
 * for itself, there is no escape. Unlike a glob over names it knows no components: `*` takes slashes, too. The whole text
 * must match. The cost of a match is at most the product of the two lengths.
 *
 * @example compileWildcard("repo:acme/*:ref:*")("repo:acme/web:ref:refs/heads/main") === true
 */
export const compileWildcard = (pattern: string): ((text: string) => boolean) => {
	if (!isWildcard(pattern)) return (text) => text === pattern;
	const wanted = [...pattern];
	return (text) => matchSequence(wanted, [...text], isRun, (want, char) => want === "?" || want === char);
};

/** Whether a pattern may match more than itself. */
export const isWildcard = (pattern: string): boolean => /[*?]/.test(pattern);

const isRun = (character: string): boolean => character === "*";
