import assert from "node:assert/strict";
import { test } from "node:test";
import { compileWildcard, isWildcard } from "#/lib/wildcard.ts";

const cases: readonly (readonly [pattern: string, matching: readonly string[], others: readonly string[]])[] = [
	["a", ["a"], ["", "A", "aa", "b"]],
	["*", ["", "a", "a/b:c"], []],
	["a?c", ["abc", "a/c", "a€c"], ["ac", "abbc"]],
	["repo:acme/*:ref:*", ["repo:acme/web:ref:refs/heads/main"], ["repo:acme:ref:x", "xrepo:acme/web:ref:y"]],
	["*ab*ab", ["abab", "xabyab", "aababab"], ["ab", "ababx"]],
	["a.b+c(d", ["a.b+c(d"], ["axb+c(d"]],
	["**", ["", "x/y"], []],
];

for (const [pattern, matching, others] of cases) {
	test(`${pattern} matches the whole of a text or nothing`, () => {
		const matches = compileWildcard(pattern);
		for (const text of matching) assert.equal(matches(text), true, text);
		for (const text of others) assert.equal(matches(text), false, text);
		assert.equal(isWildcard(pattern), matching.length > 1 || /[*?]/.test(pattern));
	});
}

test("a pattern that is made to be slow is not", () => {
	const matches = compileWildcard(`${"*a".repeat(500)}b`);
	const started = performance.now();
	assert.equal(matches("a".repeat(1_000)), false);
	assert.ok(performance.now() - started < 2_000);
});
