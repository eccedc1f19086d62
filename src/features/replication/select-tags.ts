import { compileTags } from "#/api/compile-tags.ts";
import type { TagPatterns } from "#/api/policy-selectors.ts";

/**
 * Compiles a selection of tags: those that match and that nothing excludes.
 *
 * @throws PatternError
 */
export const compileTagFilter = (patterns: TagPatterns): ((tag: string) => boolean) => {
	const { matches, excludes } = compileTags(patterns);
	return (tag) => matches(tag) && !excludes(tag);
};
