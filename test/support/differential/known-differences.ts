/** A difference that stays. */
export interface KnownDifference {
	/** Names of the steps in which it shows. */
	readonly steps: RegExp;
	/** Where in the answer: names of fields, `*` for all entries of a list. What lies below is not compared. */
	readonly at: string;
	/** Why that is all right. */
	readonly why: string;
}

const WORDS = "descriptions of Kubernetes' own columns are its authors' words; ours say the same in other ones";

/** All of them. One that is no difference any more fails the test. */
export const knownDifferences: readonly KnownDifference[] = [
	{ steps: /\btable\b/, at: "body.columnDefinitions.*.description", why: WORDS },
	{ steps: /: events as rows$/, at: "body.*.object.columnDefinitions.*.description", why: WORDS },
];

/** An answer without what lies at a path. */
export const without = (value: unknown, path: readonly string[]): unknown => {
	const [step, ...rest] = path;
	if (step === undefined) return "(not compared)";
	if (Array.isArray(value)) {
		return value.map((entry, at) => (step === "*" || step === String(at) ? without(entry, rest) : entry));
	}
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, field]) => [name, name === step ? without(field, rest) : field]),
	);
};
