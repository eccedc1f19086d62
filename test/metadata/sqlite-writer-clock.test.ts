import assert from "node:assert/strict";
import { test } from "node:test";
import { WriterClock } from "#/metadata/sqlite/writer-clock.ts";

function clockAt(wall: number, floor = 0) {
	const time = { wall, monotonic: 500 };
	return { time, clock: new WriterClock({ wall: () => time.wall, monotonic: () => time.monotonic }, floor) };
}

test("time is the wall clock's while that goes forward", () => {
	const { time, clock } = clockAt(1_000_000);
	time.wall += 40;
	time.monotonic += 40;
	assert.equal(clock.now(), 1_000_040);
	time.wall += 3_600_000;
	assert.equal(clock.now(), 4_600_040);
});

test("time goes on more slowly, never back, until a wall clock that was set back has caught up", () => {
	const { time, clock } = clockAt(1_000_000);
	time.wall -= 60_000;
	let last = clock.now();
	for (let second = 0; second < 600; second++) {
		time.wall += 1000;
		time.monotonic += 1000;
		const now = clock.now();
		assert.ok(now >= last + 900, `${now} follows ${last}`);
		last = now;
	}
	assert.equal(last, time.wall);
});

test("no instant before the floor is given out", () => {
	assert.equal(clockAt(1_000_000, 2_000_000).clock.now(), 2_000_000);
});
