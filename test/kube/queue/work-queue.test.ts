import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkQueue, type WorkQueueOpts } from "#/kube/queue/work-queue.ts";
import { ManualTiming, settle } from "../../support/manual-timing.ts";
import { recordingQueueMeter } from "../../support/recording-meters.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const open = (opts: WorkQueueOpts = {}, timing = new ManualTiming()) => {
	const meter = recordingQueueMeter();
	return { timing, meter, queue: new WorkQueue({ timing, meter }, opts) };
};

/** Takes and ends the work on `count` keys, one after another. */
const work = async (queue: WorkQueue, count: number): Promise<string[]> => {
	const keys: string[] = [];
	for (let i = 0; i < count; i++) {
		const { key } = (await queue.take()) ?? assert.fail("the queue has stopped");
		keys.push(key);
		queue.done(key);
	}
	return keys;
};

describe("a work queue", () => {
	it("hands out a key once, however often it was added", async () => {
		const { queue, meter } = open();
		for (const key of ["a", "b", "a", "a", "b"]) queue.add(key);
		assert.deepEqual(await work(queue, 2), ["a", "b"]);
		assert.deepEqual(meter.state().depths, new Map());
	});

	it("hands out a key that changes while it is worked on exactly once more, and not before that work ends", async () => {
		const { queue } = open();
		queue.add("a");
		await queue.take();
		for (let i = 0; i < 5; i++) queue.add("a");
		let taken = 0;
		void queue.take().then(() => taken++);
		await settle();
		assert.equal(taken, 0);
		queue.done("a");
		await settle();
		assert.equal(taken, 1);
		queue.done("a");
		void queue.take().then(() => taken++);
		await settle();
		assert.equal(taken, 1);
	});

	it("hands out an edit first while 10,000 keys of the first list wait", async () => {
		const { queue } = open();
		for (let i = 0; i < 10_000; i++) queue.add(`initial-${i}`, { priority: -100 });
		await work(queue, 100);
		queue.add("initial-7000");
		queue.add("fresh");
		assert.deepEqual(await work(queue, 3), ["initial-7000", "fresh", "initial-100"]);
		assert.equal((await work(queue, 9_898)).length, 9_898);
	});

	it("gives others their turn while one key is added again and again", async () => {
		const { queue } = open();
		for (const key of ["hot", "a", "b", "c"]) queue.add(key);
		const order: string[] = [];
		for (let i = 0; i < 6; i++) {
			const { key } = (await queue.take()) ?? assert.fail("the queue has stopped");
			order.push(key);
			queue.add("hot");
			queue.done(key);
		}
		assert.deepEqual(order, ["hot", "a", "b", "c", "hot", "hot"]);
	});

	it("lets one less urgent key through for every eight urgent ones", async () => {
		const { queue } = open();
		for (let i = 0; i < 3; i++) queue.add(`initial-${i}`, { priority: -100 });
		const order: string[] = [];
		for (let i = 0; i < 27; i++) {
			queue.add(`hot-${i}`);
			order.push(...(await work(queue, 1)));
		}
		const initial = order.flatMap((key, at) => (key.startsWith("initial") ? [at] : []));
		assert.deepEqual(initial, [8, 17, 26]);
	});

	it("lets a failing key wait for anything up to a bound that doubles to a quarter of an hour", async () => {
		const chances = seededRandom(7);
		const { queue, timing } = open({}, new ManualTiming(chances));
		const expected = seededRandom(7);
		queue.add("a");
		await work(queue, 1);
		for (let failures = 0; failures < 14; failures++) {
			queue.retry("a");
			const due = timing.monotonic() + expected() * Math.min(900_000, 750 * 2 ** failures);
			assert.equal(timing.nextAt, due);
			await timing.advance(due - timing.monotonic());
			assert.deepEqual(await work(queue, 1), ["a"]);
		}
		queue.forget("a");
		queue.retry("a");
		assert.equal(timing.nextAt, timing.monotonic() + expected() * 750);
	});

	it("waits as long as a server asked for, when that is longer than its own wait", async () => {
		const { queue, timing } = open();
		queue.retry("a", { atLeastMs: 5_000 });
		assert.equal(timing.nextAt, 5_000);
	});

	it("waits for months without ringing early or holding more than one timer", async () => {
		const { queue, timing } = open();
		const month = 30 * 86_400_000;
		for (let i = 0; i < 100; i++) queue.add(`robot-${i}`, { afterMs: month + i });
		assert.equal(timing.sleeping, 1);
		// Node's timers ring at once when asked for more.
		assert.equal(timing.nextAt, 2 ** 31 - 1);
		let taken: string | undefined;
		void queue.take().then((next) => {
			taken = next?.key;
		});
		await timing.advance(month - 1);
		assert.equal(taken, undefined);
		await timing.advance(1);
		assert.equal(taken, "robot-0");
	});

	it("forgets what a key was to do later as soon as it is to be looked at now", async () => {
		const { queue, timing } = open();
		queue.add("a", { afterMs: 1000 });
		queue.add("a");
		assert.deepEqual(await work(queue, 1), ["a"]);
		assert.equal(timing.sleeping, 0);
	});

	it("stops: who waits is sent away, nothing is taken or handed out any more, no timer stays", async () => {
		const { queue, timing } = open();
		queue.add("running");
		await queue.take();
		const waiting = queue.take();
		queue.add("later", { afterMs: 10 });
		queue.add("running");
		queue[Symbol.dispose]();
		assert.equal(await waiting, undefined);
		queue.done("running");
		queue.add("a");
		assert.equal(await queue.take(), undefined);
		assert.equal(timing.sleeping, 0);
	});

	it("tells its meter what client-go's queues tell theirs", async () => {
		const { queue, meter, timing } = open();
		queue.add("a");
		queue.add("a");
		queue.add("b", { priority: -100 });
		assert.deepEqual(meter.state(), {
			depths: new Map([
				[0, 1],
				[-100, 1],
			]),
			unfinishedMs: 0,
			longestMs: 0,
		});
		await timing.advance(40);
		await queue.take();
		await timing.advance(60);
		await queue.take();
		await timing.advance(5);
		queue.add("a");
		assert.deepEqual(meter.state(), { depths: new Map(), unfinishedMs: 70, longestMs: 65 });
		queue.done("a");
		queue.add("b", { afterMs: 10 });
		assert.deepEqual(meter.told, ["added", "added", "taken 40", "taken 100", "added", "worked 65", "retried"]);
	});
});
