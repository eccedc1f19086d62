import assert from "node:assert/strict";
import { test } from "node:test";
import { Environment } from "@marcbachmann/cel-js";
import fc from "fast-check";
import { duration, durationMs, secondsCel } from "#/api/fields/durations.ts";

const parts = fc.record({
	d: fc.option(fc.nat(9_999), { nil: undefined }),
	h: fc.option(fc.nat(999_999), { nil: undefined }),
	m: fc.option(fc.nat(999_999), { nil: undefined }),
	s: fc.option(fc.nat(999_999), { nil: undefined }),
});

const written = parts
	.map((given) => ({
		text: Object.entries(given)
			.filter(([, count]) => count !== undefined)
			.map(([unit, count]) => `${count}${unit}`)
			.join(""),
		seconds: (given.d ?? 0) * 86_400 + (given.h ?? 0) * 3_600 + (given.m ?? 0) * 60 + (given.s ?? 0),
	}))
	.filter(({ text }) => text !== "");

test("a duration is days, hours, minutes and seconds, and CEL comes to the same", () => {
	const environment = new Environment({ unlistedVariablesAreDyn: true });
	const seconds = environment.parse(secondsCel("self"));
	fc.assert(
		fc.property(written, ({ text, seconds: expected }) => {
			assert.equal(duration.parse(text), text);
			assert.equal(durationMs(text), expected * 1_000);
			assert.equal(seconds({ self: text }), BigInt(expected));
		}),
	);
});

test("the longest duration added to any time is still a time", () => {
	const longest = durationMs("9999d999999h999999m999999s");
	assert.ok(Date.UTC(9_999, 11, 31) + longest < 8.64e15);
});

test("what is no duration is refused", () => {
	for (const text of ["", "1", "d", "1h1d", "1h1h", "-1h", "1.5h", "1 h", "1H", "10000d", "1000000s", "1ms", "1h\n"]) {
		assert.equal(duration.safeParse(text).success, false, JSON.stringify(text));
	}
});
