import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { expressionSize } from "#/lib/expression-size.ts";

describe("the size of a regular expression", () => {
	for (const [text, size] of [
		["", 0],
		["abc", 3],
		["(ab{10}){3}", 33],
		["a{2,5}", 5],
		["a{7,}", 7],
		["[]a{3}]{4}", 4],
		["\\p{Greek}{6}\\{9}", 9],
		["(.{1,1000})".repeat(40), 40_000],
		["((a", 1],
	] as const) {
		it(`of ${text.slice(0, 20)} is ${size}`, () => assert.equal(expressionSize(text), size));
	}

	it("is about that of the program which it compiles to", () => {
		const leaf = fc.constantFrom(
			"a",
			".",
			"\\d",
			"\\pL",
			"[a-z]",
			"[^]a]",
			"[[:alpha:]{9}]",
			"\\{9",
			"(?i)k",
			"é",
			"\\b",
		);
		const { expression } = fc.letrec<{ expression: string }>((tie) => ({
			expression: fc.oneof(
				{ depthSize: "small" },
				leaf,
				fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `(${a}|${b})`),
				fc.tuple(tie("expression"), tie("expression")).map(([a, b]) => `${a}${b}`),
				fc
					.tuple(tie("expression"), fc.constantFrom("{3}", "{2,}", "{1,9}", "*", "{20}"))
					.map(([a, n]) => `(?:${a})${n}`),
			),
		}));
		fc.assert(
			fc.property(expression, (text) => {
				const program = programSize(text);
				const size = expressionSize(text);
				assert.ok(
					program === undefined || (program <= 4 * (size + 3) && size <= 8 * program),
					`${text}: ${size}, ${program}`,
				);
			}),
			{ numRuns: 2_000 },
		);
	});
});

/** Undefined: it is none that RE2 takes. */
const programSize = (text: string): number | undefined => {
	try {
		return RE2JS.compile(text).programSize();
	} catch {
		return undefined;
	}
};
