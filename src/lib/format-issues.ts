/** What a schema had to say about one place of a document. */
export interface Issue {
	readonly path: readonly PropertyKey[];
	readonly message: string;
}

/** How many issues are spelled out; a hostile document can hold one per member. */
const MAX_ISSUES = 5;

/**
 * The issues of a failed parse as one line, such as `layers[0].size: expected int; config: required`.
 * At most five are spelled out, then comes their count; without any the line is empty.
 */
export const formatIssues = (issues: readonly Issue[]): string => {
	const lines = issues.slice(0, MAX_ISSUES).map(formatIssue);
	if (issues.length > MAX_ISSUES) lines.push(`and ${issues.length - MAX_ISSUES} more`);
	return lines.join("; ");
};

const formatIssue = (issue: Issue): string =>
	issue.path.length === 0 ? issue.message : `${formatMemberPath(issue.path)}: ${issue.message}`;

const formatMemberPath = (path: readonly PropertyKey[]): string =>
	path.map((key, i) => (typeof key === "number" ? `[${key}]` : `${i === 0 ? "" : "."}${String(key)}`)).join("");
