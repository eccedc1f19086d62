import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FairLimiter } from "#/lib/fair-limiter.ts";

/** Tasks that say when they start, and end when they are told to. */
const openLimiter = (concurrency: number, maxWaiting: number) => {
	const limiter = new FairLimiter({ concurrency, maxWaiting });
	const finishers: (() => void)[] = [];
	const started: string[] = [];
	const start = (group: string, name: string) =>
		limiter.tryRun(group, async () => {
			started.push(name);
			await new Promise<void>((resolve) => finishers.push(resolve));
			return name;
		});
	const finishAll = async (): Promise<void> => {
		for (let finish = finishers.shift(); finish !== undefined; finish = finishers.shift()) {
			finish();
			await new Promise((resolve) => setImmediate(resolve));
		}
	};
	return { limiter, started, start, finishAll };
};

describe("a fair limiter", () => {
	it("runs so many at once, lets so many wait, and turns away the rest", async () => {
		const { started, start, finishAll } = openLimiter(2, 2);
		const outcomes = ["1", "2", "3", "4", "5"].map((name) => start("a", name));
		assert.equal(await outcomes[4], undefined);
		assert.deepEqual(started, ["1", "2"]);
		await finishAll();
		assert.deepEqual(await Promise.all(outcomes), ["1", "2", "3", "4", undefined]);
		assert.deepEqual(started, ["1", "2", "3", "4"]);
	});

	it("gives the groups turns, however many one of them has waiting", async () => {
		const { started, start, finishAll } = openLimiter(1, 10);
		for (const name of ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]) void start(name.slice(0, 1), name);
		await finishAll();
		assert.deepEqual(started, ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]);
	});

	it("takes a place in a full line from the group that has the most", async () => {
		const { started, start, finishAll } = openLimiter(1, 4);
		const many = ["a1", "a2", "a3", "a4", "a5"].map((name) => start("a", name));
		const others = ["b1", "b2", "b3"].map((name) => start("b", name));
		assert.equal(await many[4], undefined);
		assert.equal(await many[3], undefined);
		assert.equal(await others[2], undefined);
		await finishAll();
		assert.deepEqual(started, ["a1", "a2", "b1", "a3", "b2"]);
		assert.deepEqual(await Promise.all(others), ["b1", "b2", undefined]);
	});

	it("goes on after a task that fails", async () => {
		const limiter = new FairLimiter({ concurrency: 1, maxWaiting: 1 });
		const failing = limiter.tryRun("a", async () => {
			throw new Error("broken");
		});
		const next = limiter.tryRun("a", async () => "fine");
		await assert.rejects(failing, /broken/);
		assert.equal(await next, "fine");
		assert.equal(await limiter.tryRun("a", async () => "again"), "again");
	});
});
