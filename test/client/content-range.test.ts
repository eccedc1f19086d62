import assert from "node:assert/strict";
import { test } from "node:test";
import { parseContentRange, parseUploadRange } from "#/client/content-range.ts";

test("a range of content is read, with the size where it is told", () => {
	assert.deepEqual(parseContentRange("bytes 5-9/10"), { first: 5, last: 9, size: 10 });
	assert.deepEqual(parseContentRange("bytes 0-0/*"), { first: 0, last: 0, size: undefined });
	for (const text of [undefined, "", "bytes */10", "bytes 9-5/10", "items 0-1/2"]) {
		assert.equal(parseContentRange(text), undefined);
	}
});

test("how much of an upload is there is read as registries write it", () => {
	assert.equal(parseUploadRange("0-9"), 10);
	assert.equal(parseUploadRange("bytes=0-9"), 10);
	assert.equal(parseUploadRange("0--1"), 0);
	for (const text of [undefined, "", "5-9", "0-", "all"]) assert.equal(parseUploadRange(text), undefined);
});
