import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { AllottedAddresses } from "#/app/standalone/allotted-addresses.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const FIRST = { host: "127.0.0.1", port: 5080 };

test("each registry keeps the address that it was allotted, over restarts", (t) => {
	const file = join(temporaryDirectory(t), "below", "addresses.json");
	const open = (first = FIRST) => new AllottedAddresses({ file, first, reserved: new Set([5082]) });
	const addresses = open();
	assert.equal(addresses.allot("a"), "127.0.0.1:5080");
	assert.equal(addresses.allot("b"), "127.0.0.1:5081");
	assert.equal(addresses.allot("c"), "127.0.0.1:5083");
	assert.equal(open().allot("c"), "127.0.0.1:5083");
	assert.equal(open().allot("a"), "127.0.0.1:5080");
	assert.equal(statSync(file).mode & 0o777, 0o600);
	assert.equal(existsSync(`${file}.new`), false);
});

test("the addresses move with the first one", (t) => {
	const file = join(temporaryDirectory(t), "addresses.json");
	const before = new AllottedAddresses({ file, first: FIRST, reserved: new Set() });
	before.allot("a");
	before.allot("b");
	const after = new AllottedAddresses({ file, first: { host: "::1", port: 7000 }, reserved: new Set() });
	assert.equal(after.allot("b"), "[::1]:7001");
});

test("an address that was given back is allotted again", (t) => {
	const file = join(temporaryDirectory(t), "addresses.json");
	const addresses = new AllottedAddresses({ file, first: FIRST, reserved: new Set() });
	addresses.allot("a");
	addresses.allot("b");
	addresses.release("a");
	addresses.release("unknown");
	assert.equal(addresses.allot("c"), "127.0.0.1:5080");
	assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { b: 1, c: 0 });
});

test("no port beyond the last is allotted, and a broken file is refused", (t) => {
	const file = join(temporaryDirectory(t), "addresses.json");
	const last = { host: "127.0.0.1", port: 65_535 };
	const addresses = new AllottedAddresses({ file, first: last, reserved: new Set() });
	addresses.allot("a");
	assert.throws(() => addresses.allot("b"), /no port is left above 65535/);
	writeFileSync(file, '{"a":"x"}');
	assert.throws(() => new AllottedAddresses({ file, first: FIRST, reserved: new Set() }));
});
