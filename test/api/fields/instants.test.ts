import assert from "node:assert/strict";
import { test } from "node:test";
import { formatExactInstant, formatInstant, instant, instantMs } from "#/api/fields/instants.ts";

test("a time is RFC 3339 with a zone", () => {
	assert.equal(instantMs(instant.parse("2030-01-31T12:00:00Z")), Date.UTC(2030, 0, 31, 12));
	assert.equal(instantMs(instant.parse("2030-01-31T12:00:00.5+02:00")), Date.UTC(2030, 0, 31, 10, 0, 0, 500));
	for (const text of [
		"",
		"2030-01-31",
		"2030-01-31T12:00:00",
		"2030-13-31T12:00:00Z",
		"tomorrow",
		"2030-01-31 12:00:00Z",
	]) {
		assert.equal(instant.safeParse(text).success, false, text);
	}
});

test("a time is written in whole seconds", () => {
	assert.equal(formatInstant(Date.UTC(2030, 0, 31, 12, 0, 0, 999)), "2030-01-31T12:00:00Z");
});

test("a time that can be asked for again is written to the millisecond, and means the same when it is read", () => {
	const ms = Date.UTC(2030, 0, 31, 12, 0, 0, 7);
	assert.equal(formatExactInstant(ms), "2030-01-31T12:00:00.007Z");
	assert.equal(instantMs(instant.parse(formatExactInstant(ms))), ms);
});
