import assert from "node:assert/strict";
import { test } from "node:test";
import { PartBuffer } from "#/storage/part-buffer.ts";

test("a part takes what fits, whatever was expected", () => {
	for (const expected of [0, 1, 10, 1000]) {
		const part = new PartBuffer(10, expected);
		assert.equal(part.add(Buffer.from("abc")), 3);
		const before = part.bytes;
		assert.equal(part.add(Buffer.from("defghijklm")), 7);
		assert.equal(part.isFull, true);
		assert.equal(part.add(Buffer.from("x")), 0);
		assert.equal(Buffer.from(part.bytes).toString(), "abcdefghij");
		assert.equal(Buffer.from(before).toString(), "abc");
	}
});

test("a part is empty before anything came", () => {
	const part = new PartBuffer(10, 5);
	assert.equal(part.length, 0);
	assert.equal(part.isFull, false);
	assert.equal(part.bytes.byteLength, 0);
});
