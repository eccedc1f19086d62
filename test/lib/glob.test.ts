import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileGlob } from "#/lib/glob.ts";

const cases: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
	["team", "team", true],
	["team", "teams", false],
	["", "", true],
	["", "team", false],
	["*", "team", true],
	["*", "", false],
	["*", "team/web", false],
	["**", "", true],
	["**", "team", true],
	["**", "team/web/front", true],
	["team-*", "team-a", true],
	["team-*", "team-", true],
	["team-*", "team", false],
	["team-*", "team-a/web", false],
	["*-ci", "team-a-ci", true],
	["t*m*b", "team-web", true],
	["t*m*b", "team-wex", false],
	["te?m", "team", true],
	["te?m", "tem", false],
	["te?m", "te/m", false],
	["team/*", "team/web", true],
	["team/*", "team", false],
	["team/*", "team/web/front", false],
	["team/**", "team", true],
	["team/**", "team/web/front", true],
	["team/**", "teams/web", false],
	["**/front", "front", true],
	["**/front", "team/web/front", true],
	["**/front", "team/web/afront", false],
	["team/**/front", "team/front", true],
	["team/**/front", "team/a/b/front", true],
	["team/**/front", "team/a/b/front/c", false],
	["**/a/**/b", "x/a/a/y/b/b", true],
	["**/a/**/b", "x/b/a", false],
	["a**b", "axyb", true],
	["a**b", "ax/yb", false],
	["a.b", "axb", false],
	["a+", "aa", false],
	["[a-z]", "b", false],
	["{a,b}", "a", false],
	["!a", "b", false],
];

describe("a glob", () => {
	for (const [pattern, name, matches] of cases) {
		it(`${JSON.stringify(pattern)} ${matches ? "matches" : "does not match"} ${JSON.stringify(name)}`, () => {
			assert.equal(compileGlob(pattern)(name), matches);
		});
	}

	it("agrees with the regular expression that it stands for", () => {
		const component = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), minLength: 1, maxLength: 4 });
		const pattern = fc.array(fc.oneof(component, fc.constant("**")), { minLength: 1, maxLength: 4 });
		const name = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }), { maxLength: 5 });
		fc.assert(
			fc.property(pattern, name, (parts, names) => {
				const expected = toRegExp(parts).test(names.map((part) => `${part}/`).join(""));
				assert.equal(compileGlob(parts.join("/"))(names.join("/")), expected);
			}),
			{ numRuns: 3_000 },
		);
	});

	it("takes time in proportion, whatever the pattern", () => {
		const matches = compileGlob(`${"*a".repeat(60)}*b`);
		const started = performance.now();
		for (let i = 0; i < 100; i++) assert.equal(matches("a".repeat(255)), false);
		assert.ok(performance.now() - started < 2_000);
	});
});

/** Each component of a name is followed by a slash, so that `**` can be said in one way wherever it stands. */
const toRegExp = (parts: readonly string[]): RegExp => {
	const source = parts.map((part) =>
		part === "**" ? "(?:[^/]+/)*" : `${part.replace(/\*+/g, "[^/]*").replaceAll("?", "[^/]")}/`,
	);
	return new RegExp(`^${source.join("")}$`);
};
