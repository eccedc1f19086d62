import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIssues } from "#/lib/format-issues.ts";

test("an issue is led by its place, written as code would reach it", () => {
	assert.equal(formatIssues([{ path: ["layers", 0, "size"], message: "too big" }]), "layers[0].size: too big");
	assert.equal(formatIssues([{ path: [2, "os"], message: "bad" }]), "[2].os: bad");
});

test("an issue with the whole document has no place", () => {
	assert.equal(formatIssues([{ path: [], message: "not an object" }]), "not an object");
});

test("after five issues only their count is given", () => {
	const issues = Array.from({ length: 8 }, (_, i) => ({ path: [`m${i}`], message: "bad" }));
	assert.equal(formatIssues(issues), "m0: bad; m1: bad; m2: bad; m3: bad; m4: bad; and 3 more");
	assert.equal(formatIssues(issues.slice(0, 5)), "m0: bad; m1: bad; m2: bad; m3: bad; m4: bad");
});

test("without issues there is nothing to say", () => {
	assert.equal(formatIssues([]), "");
});
