import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Limiter } from "#/lib/limiter.ts";

describe("a limiter", () => {
	it("runs so many at once, lets so many wait, and turns away the rest", async () => {
		const limiter = new Limiter({ concurrency: 2, maxWaiting: 2 });
		const finishers: (() => void)[] = [];
		const started: number[] = [];
		const start = (n: number) =>
			limiter.tryRun(async () => {
				started.push(n);
				await new Promise<void>((resolve) => finishers.push(resolve));
				return n;
			});
		const [a, b, c, d, e] = [start(1), start(2), start(3), start(4), start(5)];
		await Promise.resolve();
		assert.deepEqual(started, [1, 2]);
		assert.equal(e, undefined);
		finishers[0]?.();
		assert.equal(await a, 1);
		assert.deepEqual(started, [1, 2, 3]);
		for (let i = 1; i < 4; i++) {
			finishers[i]?.();
			await new Promise((resolve) => setImmediate(resolve));
		}
		assert.deepEqual(await Promise.all([b, c, d]), [2, 3, 4]);
	});

	it("goes on after a task that fails", async () => {
		const limiter = new Limiter({ concurrency: 1, maxWaiting: 1 });
		const failing = limiter.tryRun(async () => {
			throw new Error("broken");
		});
		const next = limiter.tryRun(async () => "fine");
		await assert.rejects(failing ?? Promise.resolve(), /broken/);
		assert.equal(await next, "fine");
		assert.equal(await limiter.tryRun(async () => "again"), "again");
	});
});
