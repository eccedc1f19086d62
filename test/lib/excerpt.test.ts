import assert from "node:assert/strict";
import { test } from "node:test";
import { excerpt } from "#/lib/excerpt.ts";

test("a short text is given whole", () => {
	assert.equal(excerpt("harbour"), "harbour");
	assert.equal(excerpt("x".repeat(120)), "x".repeat(120));
});

test("of a long text only the start is given, marked as cut", () => {
	assert.equal(excerpt("x".repeat(121)), `${"x".repeat(120)}…`);
	assert.equal(excerpt("harbour", 4), "harb…");
});

test("a character cut in half is replaced, so that the excerpt can be encoded", () => {
	assert.equal(excerpt("a😀b", 2).isWellFormed(), true);
});
