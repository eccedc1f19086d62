import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";

/** A reason of a condition, with the kinds that have it. */
interface Reason {
	readonly word: string;
	readonly meaning: string;
	readonly kinds: readonly string[];
}

/** All reasons of all kinds, those that every kind has first. @throws Error when two kinds mean different things by one */
export const allReasons = (): readonly Reason[] => {
	const found = new Map<string, Reason>();
	for (const { kind, reasons } of ALL_KINDS) {
		for (const [word, meaning] of Object.entries(reasons)) {
			const known = found.get(word);
			found.set(word, { word, meaning: known?.meaning ?? meaning, kinds: [...(known?.kinds ?? []), kind] });
		}
	}
	return [...found.values()];
};

/** A section of the page: its reason, and what people wrote about it. */
const sectionsIn = (page: string): ReadonlyMap<string, string> =>
	new Map(
		page
			.split(/^(?=## )/m)
			.slice(1)
			.map((section) => {
				const [heading = "", ...lines] = section.split("\n");
				return [heading.slice(3), lines.join("\n")];
			}),
	);

/** Words of headings that are no reasons, at the end of the page. */
const APART: ReadonlySet<string> = new Set(["Events"]);

/** What a section begins with: the kinds, and what the reason says. */
const leadOf = ({ word, meaning, kinds }: Reason): string =>
	`<!-- ${word}: npm run generate -->\n*${kinds.length === ALL_KINDS.length ? "Every kind" : kinds.join(", ")}.* ${meaning}\n<!-- end -->`;

const LEAD = /^<!-- \w+: npm run generate -->\n[\s\S]*?<!-- end -->/;

/**
 * The page of all reasons with a section for each, in the order of the code; what people wrote stays. Sections about
 * no reason are left out, but for those at the end that are about something else.
 */
export const withReasons = (page: string): string => {
	const [intro = ""] = page.split(/^(?=## )/m);
	const sections = sectionsIn(page);
	const reasons = allReasons().map((reason) => {
		const written = (sections.get(reason.word) ?? "").trim().replace(LEAD, "").trim();
		return `## ${reason.word}\n\n${leadOf(reason)}\n\n${written}`.trimEnd();
	});
	const apart = [...sections]
		.filter(([heading]) => APART.has(heading))
		.map(([heading, text]) => `## ${heading}\n${text}`.trimEnd());
	return `${[intro.trimEnd(), ...reasons, ...apart].join("\n\n")}\n`;
};

/** Reasons whose section says no more than the code does. */
export const unwritten = (page: string): readonly string[] =>
	allReasons()
		.map(({ word }) => word)
		.filter((word) => (sectionsIn(page).get(word) ?? "").trim().replace(LEAD, "").trim().length < 40);
