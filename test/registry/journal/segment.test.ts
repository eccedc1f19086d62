import assert from "node:assert/strict";
import { test } from "node:test";
import { formatSegment, parseSegment, segmentHash } from "#/registry/journal/segment.ts";

const rows = [
	{ seq: 4, at: 17, store: "s", kind: "tag-moved", body: '{"tag":"v1","text":"ä\\n\u2028"}' },
	{ seq: 5, at: 18, store: "s", kind: "blob-linked", body: "{}" },
];
const header = { store: "s", number: 3, previous: "f".repeat(64) };

test("a segment reads back as it was written", () => {
	const segment = parseSegment(formatSegment(header, rows));
	assert.deepEqual(segment.header, { format: "limani-journal/1", ...header });
	assert.deepEqual(
		segment.records,
		rows.map(({ seq: _, ...record }) => record),
	);
});

test("every shortened segment is refused", () => {
	const bytes = formatSegment(header, rows);
	for (let length = 0; length < bytes.length; length++) {
		assert.throws(() => parseSegment(bytes.subarray(0, length)), Error, `${length} of ${bytes.length} bytes`);
	}
});

test("a segment with a record taken out is refused", () => {
	const lines = Buffer.from(formatSegment(header, rows)).toString().split("\n");
	lines.splice(1, 1);
	assert.throws(() => parseSegment(Buffer.from(lines.join("\n"))), /2 records were written, 1 are here/);
});

test("the hash depends on the segment before", () => {
	const other = { ...header, previous: "e".repeat(64) };
	assert.notEqual(segmentHash(formatSegment(header, rows)), segmentHash(formatSegment(other, rows)));
});
