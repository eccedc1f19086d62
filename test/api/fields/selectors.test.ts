import assert from "node:assert/strict";
import { test } from "node:test";
import { isSelected, labelSelector } from "#/api/fields/selectors.ts";

const select = (selector: object, labels?: { readonly [key: string]: string }): boolean =>
	isSelected(labelSelector.parse(selector), labels);

test("an empty selector selects everything", () => {
	assert.ok(select({}));
	assert.ok(select({}, { a: "b" }));
});

test("labels must be there with their values, all of them", () => {
	assert.ok(select({ matchLabels: { a: "b", c: "" } }, { a: "b", c: "", d: "e" }));
	assert.equal(select({ matchLabels: { a: "b", c: "d" } }, { a: "b" }), false);
	assert.equal(select({ matchLabels: { a: "b" } }, { a: "c" }), false);
	assert.equal(select({ matchLabels: { a: "" } }), false);
	assert.equal(select({ matchLabels: { toString: "a" } }, {}), false);
});

test("requirements are judged as Kubernetes does: NotIn is true of what has no such label", () => {
	const one = (operator: string, values: readonly string[] = []) => ({
		matchExpressions: [{ key: "a", operator, values }],
	});
	assert.ok(select(one("In", ["b", "c"]), { a: "c" }));
	assert.equal(select(one("In", ["b"]), {}), false);
	assert.ok(select(one("NotIn", ["b"]), {}));
	assert.equal(select(one("NotIn", ["b"]), { a: "b" }), false);
	assert.ok(select(one("Exists"), { a: "" }));
	assert.equal(select(one("Exists"), { b: "" }), false);
	assert.ok(select(one("DoesNotExist"), { b: "" }));
	assert.equal(select({ matchExpressions: [{ key: "constructor", operator: "Exists" }] }, {}), false);
});
