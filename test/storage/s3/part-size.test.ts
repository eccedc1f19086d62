import assert from "node:assert/strict";
import { test } from "node:test";
import { choosePartSize, MAX_PARTS } from "#/storage/s3/part-size.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

test("parts are of the configured size as long as that suffices, and of whole MiB beyond", () => {
	const table = [
		[undefined, 16 * MIB],
		[0, 16 * MIB],
		[32 * GIB, 16 * MIB],
		[MAX_PARTS * 16 * MIB, 16 * MIB],
		[MAX_PARTS * 16 * MIB + 1, 17 * MIB],
		[1024 * GIB, 105 * MIB],
		[5 * 1024 * GIB, 525 * MIB],
	] as const;
	for (const [size, expected] of table) assert.equal(choosePartSize(16 * MIB, size), expected, String(size));
});

test("10,000 parts hold every blob whose size is known", () => {
	for (const size of [33 * GIB, 49 * GIB + 1, 160 * GIB, 999 * GIB + 7, 5 * 1024 * GIB]) {
		for (const configured of [5 * MIB, 16 * MIB]) {
			assert.ok(choosePartSize(configured, size) * MAX_PARTS >= size);
			assert.ok(choosePartSize(configured, size) >= configured);
		}
	}
});
