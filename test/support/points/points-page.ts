import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Point, Proofs } from "./point.ts";
import { testNames } from "./test-names.ts";

const root = join(import.meta.dirname, "..", "..", "..");

/** How many points there are. */
const POINTS = 62;

/**
 * What is wrong with a list of points, one sentence each: numbers that are missing or out of order, tests that are not
 * in their file under that name, points that neither are proved nor say what is open.
 *
 * @param sourceOf text of a file; undefined when there is none
 */
export const faultsOf = (
	points: readonly Point[],
	sourceOf: (file: string) => string | undefined = readSource,
): readonly string[] => [
	...(points.every(({ number }, i) => number === i + 1) && points.length === POINTS
		? []
		: [`the points are not 1 to ${POINTS}, in order`]),
	...points.flatMap(({ number, tests, open }) => [
		...(open === undefined && Object.values(tests).flat().length === 0 ? [`${number}: nothing proves it`] : []),
		...(open === "" ? [`${number}: does not say what is open`] : []),
		...Object.entries(tests).flatMap(([file, names]) =>
			missing(file, names, sourceOf(file)).map((fault) => `${number}: ${fault}`),
		),
	]),
];

const missing = (file: string, names: readonly string[], source: string | undefined): readonly string[] => {
	if (source === undefined) return [`there is no ${file}`];
	const present = testNames(source);
	return names.filter((name) => !present.has(name)).map((name) => `${file} has no test "${name}"`);
};

const readSource = (file: string): string | undefined => {
	try {
		return readFileSync(join(root, file), "utf8");
	} catch {
		return undefined;
	}
};

/** docs/operator-conformance.md. @throws Error when what it would say is not so */
export const pointsPage = (points: readonly Point[]): string => {
	const faults = faultsOf(points);
	if (faults.length > 0) throw new Error(`the points and the tests do not agree:\n${faults.join("\n")}`);
	const open = points.filter((point) => point.open !== undefined).length;
	return `# What an operator must do, and what proves it

<!-- Made by npm run generate, from test/support/points; npm run check compares. -->

Sixty-two points that an operator which a cluster can trust keeps. ${points.length - open} are proved, ${open} are open. A point is proved when each part of it is asserted by a test that is named beside it; a name that no test has fails the check. A \`*\` in a name stands for the rows of a table. What is open says what is missing; the tests beside it prove a part.

Tests below \`test/e2e\` need real programs, which [.ci/parts](../.ci/parts/README.md) installs; all others need nothing but this repository.

| point | state | test |
|---|---|---|
${points.map(rowOf).join("\n")}
`;
};

const rowOf = ({ number, claim, tests, open }: Point): string => {
	const cells = [`${number}. ${claim}`, open === undefined ? "proved" : "open", [...said(open), ...linked(tests)]];
	return `| ${cells.map((cell) => (typeof cell === "string" ? cell : cell.join("<br>")).replaceAll("|", "\\|")).join(" | ")} |`;
};

const said = (open: string | undefined): readonly string[] => (open === undefined ? [] : [`*Open:* ${open}`]);

const linked = (tests: Proofs): readonly string[] =>
	Object.entries(tests).map(
		([file, names]) =>
			`[${file.replace(/^test\//, "")}](../${file}): ${names.map((name) => `“${name.replaceAll("*", "\\*")}”`).join(", ")}`,
	);
