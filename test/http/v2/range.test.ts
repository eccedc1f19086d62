import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseContentRange, parseRanges } from "#/http/v2/range.ts";

describe("parseRanges", () => {
	const cases: readonly [string | undefined, ReturnType<typeof parseRanges>][] = [
		[undefined, undefined],
		["bytes=0-0", [{ start: 0, end: 0 }]],
		["bytes=0-", [{ start: 0, end: 99 }]],
		["bytes=90-200", [{ start: 90, end: 99 }]],
		["bytes=-10", [{ start: 90, end: 99 }]],
		["bytes=-1000", [{ start: 0, end: 99 }]],
		["bytes=-0", []],
		["bytes=100-", []],
		["bytes=100-200", []],
		[
			"bytes=0-1, 5-6,-1",
			[
				{ start: 0, end: 1 },
				{ start: 5, end: 6 },
				{ start: 99, end: 99 },
			],
		],
		["bytes=0-1,200-", [{ start: 0, end: 1 }]],
		["bytes=5-4", []],
		["bytes=", undefined],
		["bytes=a-b", undefined],
		["bytes=--1", undefined],
		["items=0-1", undefined],
		["bytes=0-,0-,0-", undefined],
	];
	for (const [header, expected] of cases) {
		it(`reads ${header ?? "no header"} of 100 bytes`, () => assert.deepEqual(parseRanges(header, 100), expected));
	}

	it("ignores a header with hundreds of ranges", () => {
		assert.equal(parseRanges(`bytes=${Array(300).fill("0-0").join(",")}`, 100), undefined);
	});

	it("never gives a range outside the content, whatever the header", () => {
		fc.assert(
			fc.property(fc.string(), fc.nat(1000), (text, size) => {
				for (const { start, end } of parseRanges(`bytes=${text}`, size) ?? []) {
					assert.ok(start >= 0 && start <= end && end < size);
				}
			}),
		);
	});
});

describe("parseContentRange", () => {
	const cases: readonly [string | undefined, ReturnType<typeof parseContentRange>][] = [
		[undefined, undefined],
		["0-9", { start: 0, end: 9 }],
		["bytes 10-19/*", { start: 10, end: 19 }],
		["bytes=10-19", { start: 10, end: 19 }],
		["bytes 10-19/200", { start: 10, end: 19 }],
		["9-0", "malformed"],
		["", "malformed"],
		["-5", "malformed"],
		["5", "malformed"],
	];
	for (const [header, expected] of cases) {
		it(`reads ${header ?? "no header"}`, () => assert.deepEqual(parseContentRange(header), expected));
	}
});
