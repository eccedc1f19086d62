import type { z } from "zod";
import { excerpt } from "#/lib/excerpt.ts";
import { formatIssues, type Issue } from "#/lib/format-issues.ts";

/** Fields whose values, and whatever stands in them, are not repeated: the wrong value may be a secret. */
const SECRET_FIELDS: ReadonlySet<PropertyKey> = new Set([
	"passwordHash",
	"verifiers",
	"credentials",
	"sealedCredentials",
]);

/** The longest description, in UTF-16 units: it becomes a condition's message. */
const MAX_LENGTH = 1_000;

/**
 * What a schema had to say about a spec, as one line: field, value and what was expected, such as
 * `members[0].role: got "boss", expected one of "admin"|"guest"`.
 */
export const describeIssues = (issues: readonly z.core.$ZodIssue[], spec: unknown): string =>
	excerpt(formatIssues(issues.flatMap((issue) => toIssues(issue, spec))), MAX_LENGTH);

const toIssues = (issue: z.core.$ZodIssue, spec: unknown): readonly Issue[] => {
	if (issue.code === "unrecognized_keys") {
		return issue.keys.map((key) => ({ path: [...issue.path, quoted(key)], message: "no such field in this release" }));
	}
	const value = valueAt(spec, issue.path);
	return [{ path: issue.path, message: `${value}, ${expectationOf(issue.message)}` }];
};

/** A stranger's key as one visible word. */
const quoted = (key: string): string => (/^[\w.-]{1,64}$/.test(key) ? key : JSON.stringify(excerpt(key, 64)));

const valueAt = (spec: unknown, path: readonly PropertyKey[]): string => {
	let value = spec;
	for (const key of path) value = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
	if (value === undefined) return "nothing given";
	if (path.some((key) => SECRET_FIELDS.has(key))) return "got ***";
	if (Array.isArray(value)) return "got a list";
	if (typeof value === "object" && value !== null) return "got an object";
	return `got ${excerpt(JSON.stringify(value) ?? typeof value)}`;
};

/** A schema's own words begin with what kind of mistake it is, which `expected …` says well enough. */
const expectationOf = (message: string): string =>
	message
		.replace(/^Invalid [a-z]+: /, "")
		.replace(/, received .*$/, "")
		.replace(/^Too (big|small): /, "");
