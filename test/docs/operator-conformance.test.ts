import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ALL_POINTS } from "../support/points/all-points.ts";
import { faultsOf, pointsPage } from "../support/points/points-page.ts";
import { testNames } from "../support/points/test-names.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "operator-conformance.md"), "utf8");

test("docs/operator-conformance.md is what npm run generate makes of the points and the tests", () => {
	assert.equal(page, pointsPage(ALL_POINTS));
});

test("a point that no test proves, or whose test is gone, is noticed", () => {
	const source = 'test("it is so", () => {});';
	const with1 = (changed: object) => ALL_POINTS.map((point) => (point.number === 1 ? { ...point, ...changed } : point));
	const faults = (changed: object) => faultsOf(with1(changed), () => source).filter((fault) => fault.startsWith("1:"));
	assert.deepEqual(faults({ tests: { "a.test.ts": ["it is so"] } }), []);
	assert.deepEqual(faults({ tests: { "a.test.ts": ["it is not"] } }), ['1: a.test.ts has no test "it is not"']);
	assert.deepEqual(faults({ tests: {} }), ["1: nothing proves it"]);
	assert.deepEqual(faults({ tests: {}, open: "" }), ["1: does not say what is open"]);
	assert.deepEqual(faults({ tests: {}, open: "much" }), []);
	assert.deepEqual(
		faultsOf(with1({ tests: { "a.test.ts": ["it is so"] } }), () => undefined).at(0),
		"1: there is no a.test.ts",
	);
	assert.deepEqual(faultsOf(ALL_POINTS.slice(1)).at(0), "the points are not 1 to 62, in order");
});

test("names of tests are found as they stand, and what only looks like one is none", () => {
	const source = `
test("plain", () => {});
	it(\`of \${kind.kind} and \${list.map(({ a }) => a).join(", ")}\`, async () => {});
test(
	"below",
	inWorld(async () => {}),
);
	await t.test("within \\"quotes\\"", run);
	{
		name: "a case of a suite",
		run: async () => {},
	},
// test("in a comment", () => {});
test.skip("left out", () => {});
it.todo("to come");
const text = 'test("in a text")';
describe("a group", () => {});
`;
	assert.deepEqual([...testNames(source)].toSorted(), [
		"a case of a suite",
		"below",
		"of * and *",
		"plain",
		'within "quotes"',
	]);
});
