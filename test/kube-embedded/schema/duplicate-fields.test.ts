import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { duplicateFields } from "#/kube-embedded/schema/duplicate-fields.ts";

describe("fields that a text has twice", () => {
	it("are named with their paths", () => {
		const text = '{"a":1,"b":{"c":"x:{","c":[1,{"d":2,"d":{"e":1}}]},"a":"\\",\\"a\\":","l":["a","a"]}';
		assert.deepEqual(duplicateFields(text), [
			'duplicate field "b.c"',
			'duplicate field "b.c[1].d"',
			'duplicate field "a"',
		]);
	});

	it("are never found in what was written from a value", () => {
		fc.assert(fc.property(fc.json(), (text) => duplicateFields(JSON.stringify(JSON.parse(text))).length === 0));
	});
});
