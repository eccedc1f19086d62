import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ClockWatch } from "#/registry/clock-watch.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { openInspectedMetadata } from "../support/sqlite-metadata.ts";

const open = async (t: TestContext) => {
	const { metadata, clock: database, ...inspected } = await openInspectedMetadata();
	t.after(() => inspected[Symbol.asyncDispose]());
	/** A process of its own, or the next life of one. */
	const start = () => {
		const clock = new ManualClock();
		const watch = new ClockWatch({ objects: metadata.objects, clock });
		const advance = (ms: number): void => {
			clock.advance(ms);
			database.now += ms;
		};
		return { watch, advance };
	};
	return { database, start };
};

test("without a jump the clock is quiet for ever", async (t) => {
	const { start } = await open(t);
	const { watch, advance } = start();
	assert.equal(await watch.quietMs(), Number.POSITIVE_INFINITY);
	advance(10_000_000);
	assert.equal(await watch.quietMs(), Number.POSITIVE_INFINITY);
});

for (const jump of [61_000, -61_000, 3_600_000]) {
	test(`a jump of ${jump / 1000} s is noticed, and its age grows with time`, async (t) => {
		const { database, start } = await open(t);
		const { watch, advance } = start();
		await watch.quietMs();
		database.now += jump;
		assert.equal(await watch.quietMs(), 0);
		advance(5_000);
		assert.equal(await watch.quietMs(), 5_000);
	});
}

test("slewing within a minute is no jump", async (t) => {
	const { database, start } = await open(t);
	const { watch } = start();
	await watch.quietMs();
	for (const step of [30_000, -59_000, 59_000]) {
		database.now += step;
		assert.equal(await watch.quietMs(), Number.POSITIVE_INFINITY);
	}
});

test("a restart within two minutes is no jump", async (t) => {
	const { database, start } = await open(t);
	await start().watch.quietMs();
	database.now += 119_000;
	assert.equal(await start().watch.quietMs(), Number.POSITIVE_INFINITY);
});

for (const jump of [121_000, -121_000]) {
	test(`a clock that went on by ${jump / 1000} s while nobody looked has jumped, and the next life knows it`, async (t) => {
		const { database, start } = await open(t);
		await start().watch.quietMs();
		database.now += jump;
		const { watch, advance } = start();
		assert.equal(await watch.quietMs(), 0);
		advance(7_000);
		assert.equal(await start().watch.quietMs(), 7_000);
	});
}

test("a process that starts beside one that runs takes over its view, whatever its own clocks say", async (t) => {
	const { start } = await open(t);
	const { watch, advance } = start();
	for (let i = 0; i < 10; i++) {
		await watch.quietMs();
		advance(60_000);
	}
	assert.equal(await start().watch.quietMs(), Number.POSITIVE_INFINITY);
});
