import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { assertObjectKey, isObjectKey } from "#/storage/object-key.ts";

test("keys of uploads, journal segments and snapshots are keys", () => {
	for (const key of [
		"a",
		"7f/0ujsswThIGTUYm2K8FjOOfXtY1K",
		"journal/000000000012-x.sha256-ab_c",
		"a/..b/c.",
		"x".repeat(255),
	]) {
		assert.ok(isObjectKey(key), key);
		assertObjectKey(key);
	}
});

test("a key without segments, with an empty one, or longer than a file name is none", () => {
	for (const key of [
		"",
		"/",
		"a/",
		"/a",
		"a//b",
		".",
		"..",
		"a/.",
		"../a",
		"x".repeat(256),
		`${"x".repeat(200)}/`.repeat(3),
	]) {
		assert.ok(!isObjectKey(key), key);
		assert.throws(() => assertObjectKey(key), RangeError);
	}
});

test("whatever is a key stays below the root it is joined to, and orders by characters as by bytes", () => {
	const fragment = fc.constantFrom(
		"a",
		"a",
		"Z",
		"0",
		"0",
		"-",
		"_",
		"/",
		"/",
		".",
		"..",
		"\0",
		"\\",
		"%",
		"ü",
		" ",
		"\n",
	);
	const anyKey = fc.array(fragment, { maxLength: 6 }).map((parts) => parts.join(""));
	fc.assert(
		fc.property(anyKey, anyKey, (a, b) => {
			if (!isObjectKey(a)) return;
			assert.equal(posix.resolve("/root", a), `/root/${a}`);
			if (isObjectKey(b)) assert.equal(a < b, Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0);
		}),
		{ numRuns: 3000 },
	);
});
