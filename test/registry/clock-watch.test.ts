import assert from "node:assert/strict";
import { test } from "node:test";
import { ClockWatch } from "#/registry/clock-watch.ts";
import { ManualClock } from "../support/manual-clock.ts";

test("without a jump the clock is quiet for ever", () => {
	const clock = new ManualClock();
	const watch = new ClockWatch(clock);
	clock.advance(10_000_000);
	assert.equal(watch.quietMs(), Number.POSITIVE_INFINITY);
});

for (const jump of [61_000, -61_000, 3_600_000]) {
	test(`a jump of ${jump / 1000} s is noticed, and its age grows with monotonic time`, () => {
		const clock = new ManualClock();
		const watch = new ClockWatch(clock);
		clock.jump(jump);
		assert.equal(watch.quietMs(), 0);
		clock.advance(5_000);
		assert.equal(watch.quietMs(), 5_000);
	});
}

test("slewing within a minute is no jump", () => {
	const clock = new ManualClock();
	const watch = new ClockWatch(clock);
	for (const step of [30_000, -59_000, 59_000]) {
		clock.jump(step);
		assert.equal(watch.quietMs(), Number.POSITIVE_INFINITY);
	}
});
