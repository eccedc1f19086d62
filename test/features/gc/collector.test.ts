import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Collector, type CollectorOpts, type GcMeter } from "#/features/gc/index.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { actor, Bench, digestOf, done, project } from "../../conformance/metadata/bench.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { forever } from "../../support/registry.ts";
import { openInspectedMetadata } from "../../support/sqlite-metadata.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOTHING = { projects: 0, links: 0, blobs: 0, bytes: 0, hasMore: false };

/** Metadata whose clock is set by hand, and collectors over it. */
const open = async (t: TestContext) => {
	const on = await openInspectedMetadata();
	t.after(() => on[Symbol.asyncDispose]());
	const bench = new Bench(on.metadata);
	await bench.forgetful("a");
	const clock = new ManualClock();
	const events: RegistryEvent[] = [];
	const seen: string[] = [];
	const meter: GcMeter = {
		collected: (kind, { collected, bytes }) => void seen.push(`${kind} ${collected} ${bytes}`),
		planned: (plan) => void seen.push(plan),
	};
	const { collection, objects, outbox } = on.metadata;
	const start = (opts: Partial<CollectorOpts> = {}, holder = "one", replaced: Partial<typeof on.metadata> = {}) => {
		const report = (event: RegistryEvent): void => void events.push(event);
		return new Collector({ collection, objects, outbox, holder, clock, report, meter, ...replaced }, opts);
	};
	/** Time passes on all clocks, with a look at them every half hour, as there are many more. */
	const pass = async (collector: Collector, hours: number): Promise<void> => {
		for (let i = 0; i < 2 * hours; i++) {
			clock.advance(HOUR / 2);
			on.clock.now += HOUR / 2;
			const { plan: _, ...did } = await collector.round(forever);
			assert.deepEqual(did, NOTHING, `after ${(i + 1) / 2} hours`);
		}
	};
	const tick = (ms: number): void => {
		clock.advance(ms);
		on.clock.now += ms;
	};
	const live = async (text: string) => (await bench.metadata.blobs.find("a/x", digestOf(text)))?.blob !== undefined;
	return { on, bench, clock, events, seen, start, pass, tick, live };
};

test("what nobody uses goes a delay after it was touched, and not before", async (t) => {
	const { bench, start, pass, tick, live, seen } = await open(t);
	const collector = start();
	await bench.push("a/x", "unused");
	await bench.push("a/x", "used");
	await bench.put("a/x", { blobs: ["used"] });
	await pass(collector, 24);
	tick(HOUR / 2);
	seen.length = 0;
	assert.deepEqual(await collector.round(forever), {
		plan: "collect",
		projects: 0,
		links: 1,
		blobs: 1,
		bytes: 6,
		hasMore: false,
	});
	assert.deepEqual(seen, ["collect", "project 0 0", "link 1 6", "blob 1 6"]);
	assert.deepEqual([await live("used"), await live("unused")], [true, false]);
});

test("the delay is what the settings say now, also for what was touched before", async (t) => {
	const { bench, start, pass, tick, live } = await open(t);
	await bench.push("a/x", "unused");
	await pass(start(), 2);
	tick(1);
	assert.equal((await start({ delayMs: 2 * HOUR }).round(forever)).links, 1);
	assert.equal(await live("unused"), false);
});

test("a jump of the clock suspends collection for a whole delay, a restart included", async (t) => {
	const { on, bench, start, pass, tick, live } = await open(t);
	await bench.push("a/x", "unused");
	const collector = start();
	await pass(collector, 1);
	on.clock.now += 3 * DAY;
	assert.deepEqual(await collector.round(forever), { plan: "suspended", ...NOTHING });
	const restarted = start();
	assert.deepEqual(await restarted.round(forever), { plan: "suspended", ...NOTHING });
	await pass(restarted, 23.5);
	assert.ok(await live("unused"));
	tick(HOUR / 2);
	assert.equal((await restarted.round(forever)).links, 1);
});

test("a jump in the midst of a round deletes nothing that was not due before it", async (t) => {
	const { on, bench, start, live } = await open(t);
	await bench.push("a/x", "unused");
	const { collection } = on.metadata;
	const jumping = {
		...collection,
		collectLinks: (step: Parameters<typeof collection.collectLinks>[0]) => {
			on.clock.now += 3 * DAY;
			return collection.collectLinks(step);
		},
	};
	const { links, blobs } = await start({}, "one", { collection: jumping }).round(forever);
	assert.deepEqual([links, blobs, await live("unused")], [0, 0, true]);
});

test("a deleted project goes when its window is over, and not while ages cannot be trusted", async (t) => {
	const { on, bench, start, pass, tick, seen } = await open(t);
	const collector = start();
	await bench.apply([project("gone", { undoWindow: 30 * HOUR })]);
	await bench.put("gone/x", { tags: ["v"] });
	await bench.apply([], ["uid-gone"]);
	await pass(collector, 30);
	assert.equal(on.rows("SELECT name FROM repositories").length, 1);
	on.clock.now += 3 * DAY;
	assert.deepEqual(await collector.round(forever), { plan: "suspended", ...NOTHING });
	await pass(collector, 23.5);
	assert.equal(on.rows("SELECT name FROM repositories").length, 1, "a jump is no time that passed");
	tick(HOUR / 2);
	seen.length = 0;
	assert.equal((await collector.round(forever)).projects, 1);
	assert.equal(seen.filter((event) => event === "project 1 0").length, 1);
	assert.deepEqual(on.rows("SELECT name FROM repositories"), []);
});

test("of two processes one collects, and the other takes over when it is gone", async (t) => {
	const { start, pass, tick } = await open(t);
	const [one, two] = [start({}, "one"), start({}, "two")];
	assert.equal((await one.round(forever)).plan, "collect");
	assert.equal((await two.round(forever)).plan, "elsewhere");
	tick(61_000);
	assert.equal((await two.round(forever)).plan, "collect");
	assert.equal((await one.round(forever)).plan, "elsewhere");
	await pass(two, 1);
});

test("a collector that is told to stop leaves the next one nothing to wait for", async (t) => {
	const { start } = await open(t);
	const [one, two] = [start({ intervalMs: 1 }, "one"), start({}, "two")];
	const controller = new AbortController();
	assert.equal((await one.round(forever)).plan, "collect");
	const running = one.run(controller.signal);
	assert.equal((await two.round(forever)).plan, "elsewhere");
	controller.abort();
	await running;
	assert.equal((await two.round(forever)).plan, "collect");
});

test("a round is bounded by its batches and says that there is more; its rate is kept", async (t) => {
	const { bench, start, pass, tick } = await open(t);
	for (let i = 0; i < 7; i++) await bench.push("a/x", `blob ${i}`);
	const collector = start({ batch: 2, batches: 2, rate: 100 });
	await pass(collector, 24);
	tick(HOUR);
	const from = performance.now();
	const rounds = [await collector.round(forever), await collector.round(forever), await collector.round(forever)];
	assert.deepEqual(
		rounds.map(({ links, blobs, hasMore }) => [links, blobs, hasMore]),
		[
			[4, 4, true],
			[3, 3, false],
			[0, 0, false],
		],
	);
	assert.ok(performance.now() - from > 120, "14 reviews at 100 in a second");
});

test("the loop goes on after failures of metadata, and what was collected stays so", async (t) => {
	const { on, bench, start, tick, events, live } = await open(t);
	await bench.push("a/x", "unused");
	await start().round(forever);
	for (let i = 0; i < 50; i++) {
		tick(HOUR / 2);
		await on.metadata.objects.watchClock({ now: on.clock.now, elapsedMs: 0 });
	}
	let calls = 0;
	const { collection } = on.metadata;
	const failing = {
		...collection,
		collectBlobs: async (step: Parameters<typeof collection.collectBlobs>[0]) => {
			calls += 1;
			if (calls < 3) throw new Error("away");
			return collection.collectBlobs(step);
		},
	};
	const controller = new AbortController();
	const running = start({ intervalMs: 1 }, "one", { collection: failing }).run(controller.signal);
	while (calls < 3) await sleep(1);
	controller.abort();
	await running;
	assert.deepEqual([...new Set(events.map(({ event }) => event))], ["gc.failed"]);
	assert.equal(await live("unused"), false);
	const condemned = await on.metadata.objects.claimCondemned({ holder: "s", limit: 9, leaseMs: 1, staleMs: DAY });
	assert.equal(condemned.length, 1);
});

test("a link that was taken away by hand is not mourned sooner than a delay later", async (t) => {
	const { bench, start, pass, tick } = await open(t);
	const collector = start();
	const { digest } = await bench.push("a/x", "unused");
	await pass(collector, 23);
	await done(bench.metadata.blobs.unlink("a/x", digest, actor));
	await pass(collector, 24);
	tick(HOUR / 2);
	assert.deepEqual(await collector.round(forever), {
		plan: "collect",
		projects: 0,
		links: 0,
		blobs: 1,
		bytes: 6,
		hasMore: false,
	});
});
