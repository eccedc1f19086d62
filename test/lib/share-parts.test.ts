import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { shareParts } from "#/lib/share-parts.ts";

const copyOf = <T>(value: T): T => structuredClone(value);

test("what is put together from the parts of anything else means the same, and equal values become one", () => {
	fc.assert(
		fc.property(fc.jsonValue(), fc.jsonValue(), (value, model) => {
			assert.deepEqual(shareParts(copyOf(value), model), value);
			assert.ok(Object.is(shareParts(copyOf(model), model), model));
		}),
	);
});

test("the parts that are alike are those of the model, and the others stay", () => {
	const model = { labels: { a: "red" }, list: [{ deep: [1, 2] }, "x"], gone: {} };
	const value = { labels: { a: "red", b: "round" }, list: [{ deep: [1, 2] }, "y"], more: {} };
	const shared = shareParts(value, model);
	assert.equal(shared, value);
	assert.equal(shared.list[0], model.list[0]);
	assert.deepEqual(shared, {
		labels: { a: "red", b: "round" },
		list: [{ deep: [1, 2] }, "y"],
		more: {},
	});
});

test("nothing is written into what is frozen", () => {
	const model = { kept: { a: 1 }, other: 1 };
	const kept = { a: 1 };
	const value = Object.freeze({ kept, other: 2 });
	assert.equal(shareParts(value, model).kept, kept);
	assert.equal(shareParts({ value, more: 1 }, { value: copyOf(value) }).value.other, 2);
});

test("names that mean something to the language are names like others", () => {
	const parse = (): object => JSON.parse('{"__proto__": {"a": 1}, "constructor": [1]}');
	const shared = shareParts(parse(), { constructor: [1] });
	assert.deepEqual(Object.keys(shared), ["__proto__", "constructor"]);
	assert.equal(Object.getPrototypeOf(shared), Object.prototype);
	const model = parse();
	assert.equal(shareParts(parse(), model), model);
});
