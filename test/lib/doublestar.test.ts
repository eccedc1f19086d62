import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compileDoublestar, compilePatterns, explainBadPattern, weighPatterns } from "#/lib/doublestar.ts";

const cases: readonly (readonly [pattern: string, name: string, matches: boolean])[] = [
	["**", "", true],
	["**", "v1.2", true],
	["**", "team/web/front", true],
	["*", "v1.2", true],
	["*", "team/web", false],
	["v*", "v1", true],
	["v*", "v", true],
	["v*", "1v", false],
	["*-prod", "2.1-your_repo-prod", true],
	["?.?", "1.2", true],
	["?.?", "1.22", false],
	["?", "/", false],
	["team/*", "team/web", true],
	["team/*", "team/web/front", false],
	["team/**", "team", true],
	["team/**", "team/web/front", true],
	["team/**", "teams/web", false],
	["**/front", "front", true],
	["**/front", "team/web/front", true],
	["team/**/front", "team/front", true],
	["team/**/front", "team/a/b/front", true],
	["team/**/front", "team/a/b/front/c", false],
	["a**b", "axyb", true],
	["a**b", "ax/yb", false],
	["{latest,4.*}", "latest", true],
	["{latest,4.*}", "4.2", true],
	["{latest,4.*}", "5.0", false],
	["{redis}", "redis", true],
	["release-{1,2}.*", "release-2.7", true],
	["release-{1,2}.*", "release-3.7", false],
	["{a,b/{c,d}}/e", "b/d/e", true],
	["{a,b/{c,d}}/e", "b/e", false],
	["{**,x}/y", "a/b/y", true],
	["{**,x}/y", "y", true],
	["x{,-slim}", "x", true],
	["x{,-slim}", "x-slim", true],
	["v[0-9]*", "v1-rc", true],
	["v[0-9]*", "vx", false],
	["v[^0-9]", "vx", true],
	["v[!0-9]", "v1", false],
	["[a-cx-]", "-", true],
	["[a-cx-]", "b", true],
	["[a-cx-]", "d", false],
	["[^a]", "/", false],
	["[\\]]", "]", true],
	["\\*", "*", true],
	["\\*", "a", false],
	["{a\\,b,c}", "a,b", true],
	["a}", "a}", true],
	["a,b", "a,b", true],
	["a.b", "axb", false],
	["", "", true],
	["", "a", false],
];

describe("a glob with double stars", () => {
	for (const [pattern, name, matches] of cases) {
		it(`${JSON.stringify(pattern)} ${matches ? "matches" : "does not match"} ${JSON.stringify(name)}`, () => {
			assert.equal(compileDoublestar(pattern)(name), matches);
		});
	}

	it("agrees with the regular expressions that it stands for", () => {
		const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), minLength: 1, maxLength: 3 });
		const choice = fc.array(letters, { minLength: 1, maxLength: 3 });
		const component = fc.oneof(letters, fc.constant("**"), fc.constantFrom("[ab]", "[^a]", "[a-b]*"), choice);
		const pattern = fc.array(component, { minLength: 1, maxLength: 4 });
		const name = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 4 }), { maxLength: 5 });
		fc.assert(
			fc.property(pattern, name, (components, names) => {
				const written = components.map((one) => (typeof one === "string" ? one : `{${one.join(",")}}`)).join("/");
				const text = names.map((part) => `${part}/`).join("");
				assert.equal(compileDoublestar(written)(names.join("/")), toRegExp(components).test(text), written);
			}),
			{ numRuns: 3_000 },
		);
	});

	for (const [pattern, fault] of [
		["[", /a \[ without its \]/],
		["v[0-", /a \[ without its \]/],
		["[]a", /\[\] has no characters/],
		["[z-a]", /the range z-a/],
		["{a,b", /a \{ without its \}/],
		["a\\", /nothing after its last \\/],
		["{a,b}".repeat(9), /more than 256 patterns/],
		[`${"{a,b}".repeat(8)}${"x".repeat(400)}`, /too long ones/],
	] as const) {
		it(`${pattern.slice(0, 20)} is refused`, () => {
			assert.match(explainBadPattern(pattern) ?? "", fault);
			assert.throws(() => compileDoublestar(pattern), { name: "PatternError" });
		});
	}

	it("reads whatever it is given, or refuses it", () => {
		const unit = fc.constantFrom(..."ab*?[]{},/\\-^!");
		fc.assert(
			fc.property(fc.string({ unit, maxLength: 40 }), (pattern) => {
				if (explainBadPattern(pattern) === undefined) compileDoublestar(pattern)("a/b");
			}),
			{ numRuns: 5_000 },
		);
	});

	it("weighs what it stands for", () => {
		assert.equal(weighPatterns(["ab{cd,ef}g", "[a-z]*", "[", "**/x"]), 10 + 6 + 0 + 4);
	});

	it("is read at once, whatever it stands for", () => {
		const heavy = ["{a,b}".repeat(85), `${"{a,b}".repeat(8)}${"x".repeat(470)}`, `{${"{,}".repeat(8)},`.repeat(20)];
		const started = performance.now();
		for (let i = 0; i < 500; i++) for (const pattern of heavy) explainBadPattern(pattern);
		assert.ok(performance.now() - started < 5_000);
	});

	it("takes time in proportion, whatever the pattern", () => {
		const started = performance.now();
		for (const pattern of [`${"*a".repeat(200)}*b`, `${"**/a/".repeat(90)}**/b`, `${"{*a,*aa}".repeat(6)}*b`]) {
			const matches = compileDoublestar(pattern);
			for (let i = 0; i < 5; i++) assert.equal(matches(i % 2 ? "a".repeat(255) : "a/".repeat(127)), false);
		}
		assert.ok(performance.now() - started < 5_000);
	});
});

describe("a selection of names", () => {
	it("is what one pattern matches and none excludes", () => {
		const isWanted = compilePatterns({ matching: ["v*", "latest"], excluding: ["*-rc"] });
		assert.deepEqual(["v1", "latest", "v1-rc", "main"].map(isWanted), [true, true, false, false]);
	});
});

/** Each component of a name is followed by a slash, so that `**` can be said in one way wherever it stands. */
const toRegExp = (components: readonly (string | readonly string[])[]): RegExp => {
	const one = (text: string) => text.replace("[^a]", "[^a/]").replace(/\*+/g, "[^/]*").replaceAll("?", "[^/]");
	const source = components.map((component) => {
		if (component === "**") return "(?:[^/]+/)*";
		if (typeof component === "string") return `${one(component)}/`;
		return `(?:${component.map((text) => (text === "**" ? "(?:[^/]+/)*" : `${one(text)}/`)).join("|")})`;
	});
	return new RegExp(`^${source.join("")}$`);
};
