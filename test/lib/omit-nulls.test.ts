import assert from "node:assert/strict";
import { test } from "node:test";
import { omitNulls } from "#/lib/omit-nulls.ts";

test("null members are left out and all others kept", () => {
	assert.deepEqual(omitNulls({ a: null, b: 0, c: "", d: false, e: undefined }), {
		b: 0,
		c: "",
		d: false,
		e: undefined,
	});
});

test("what is inside a member is not touched", () => {
	assert.deepEqual(omitNulls({ a: { b: null }, c: [null] }), { a: { b: null }, c: [null] });
});

test("anything but a record is returned as it is", () => {
	const list = [null, 1];
	assert.equal(omitNulls(list), list);
	for (const value of [null, undefined, 1, "text"]) assert.equal(omitNulls(value), value);
});

test("a member called __proto__ does not become the copy's prototype", () => {
	const copy = omitNulls(JSON.parse('{"__proto__":{"polluted":true}}'));
	assert.equal(Object.getPrototypeOf(copy), Object.prototype);
});
