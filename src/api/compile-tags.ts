import { RE2JS } from "re2js";
import { parse, Range } from "semver";
import { compileAny } from "#/lib/doublestar.ts";
import type { TagPatterns } from "./policy-selectors.ts";

/** A selection of tags, in the manner of Harbor's two kinds of selectors. */
export interface TagSelector {
	/** Whether a tag matches a pattern, the expression and the range, of those that are given. */
	matches(tag: string): boolean;
	/** Whether a pattern excludes the tag. */
	excludes(tag: string): boolean;
}

/**
 * Compiles a selection of tags. Whatever a tenant writes, a tag takes time in proportion to its length: neither the
 * globs nor the expression, which is RE2's, try one way after the other.
 *
 * @throws Error for what `tagPatterns` does not let through
 */
export const compileTags = ({ matching, excluding, regex, semver }: TagPatterns): TagSelector => {
	const isNamed = compileAny(matching);
	const isExpressed = regex === undefined ? always : compileExpression(regex);
	const isInRange = semver === undefined ? always : compileRange(semver);
	return {
		matches: (tag) => isNamed(tag) && isExpressed(tag) && isInRange(tag),
		excludes: compileAny(excluding),
	};
};

const always = (): boolean => true;

const compileExpression = (text: string): ((tag: string) => boolean) => {
	const expression = RE2JS.compile(text);
	return (tag) => expression.testExact(tag);
};

const compileRange = (text: string): ((tag: string) => boolean) => {
	const range = new Range(text);
	return (tag) => {
		// A tag has no plus sign, which is written as an underscore where a version has one (Helm does so).
		const version = parse(tag.replace("_", "+"));
		return version !== null && range.test(version);
	};
};
