import { z } from "zod";
import { globPattern, tagPatterns } from "#/api/policy-selectors.ts";
import { wholeList } from "./lists.ts";

const matching = (what: string) =>
	wholeList(globPattern, 100)
		.min(1)
		.default(["**"])
		.describe(`Globs of ${what}, of which one must match; default: all`);

const excluding = (what: string) =>
	wholeList(globPattern, 100).default([]).describe(`Globs of ${what}, of which none may match`);

/** Which names, by globs. @param what the names are of, for descriptions */
export const namePatternsField = (what: string) => z.object({ matching: matching(what), excluding: excluding(what) });

/** Which tags, by globs, a regular expression and a range of versions: all that is given must hold. */
export const tagPatternsField = z.object({
	matching: matching("tags"),
	excluding: excluding("tags"),
	regex: tagPatterns.shape.regex.describe("Regular expression in RE2's syntax that must match the whole tag"),
	semver: tagPatterns.shape.semver.describe(
		"Range of semantic versions that the tag must lie in, such as >=1.2.0 <2; a leading v does not matter",
	),
});

/** Which artifacts, by globs of their media types. */
export const artifactTypesField = wholeList(globPattern.max(255), 100)
	.min(1)
	.exactOptional()
	.describe("Globs of media types (artifactType, or that of the config); default: all");
