import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FreshCache } from "#/lib/fresh-cache.ts";

const create = (opts: { maxEntries?: number } = {}) => {
	const clock = { at: 1_000_000 };
	const cache = new FreshCache<string, number>({ now: () => clock.at }, { maxAgeMs: 5_000, maxEntries: 3, ...opts });
	return { cache, clock };
};

describe("a fresh cache", () => {
	it("reads once within the age and again after it", async () => {
		const { cache, clock } = create();
		let reads = 0;
		const read = async () => ++reads;
		assert.equal(await cache.get("a", read), 1);
		clock.at += 4_999;
		assert.equal(await cache.get("a", read), 1);
		clock.at += 1;
		assert.equal(cache.peek("a"), undefined);
		assert.equal(await cache.get("a", read), 2);
	});

	it("counts age from the start of the read", async () => {
		const { cache, clock } = create();
		await cache.get("a", async () => {
			clock.at += 4_000;
			return 1;
		});
		clock.at += 1_000;
		assert.equal(cache.peek("a"), undefined);
	});

	it("reads again when it is told to, and keeps what it is given", async () => {
		const { cache, clock } = create();
		assert.equal(await cache.get("a", async () => 1), 1);
		assert.equal(await cache.reread("a", async () => 2), 2);
		assert.equal(cache.peek("a"), 2);
		cache.keep("a", 3, clock.at - 4_999);
		assert.equal(cache.peek("a"), 3);
		clock.at += 1;
		assert.equal(cache.peek("a"), undefined);
	});

	it("shares one read among all who want the same", async () => {
		const { cache } = create();
		let reads = 0;
		const read = async () => ++reads;
		assert.deepEqual(await Promise.all([cache.get("a", read), cache.get("a", read), cache.get("b", read)]), [1, 1, 2]);
	});

	it("does not join a read that began too long ago", async () => {
		const { cache, clock } = create();
		let finish = (_: number): void => undefined;
		const slow = cache.get("a", () => new Promise<number>((resolve) => (finish = resolve)));
		clock.at += 5_000;
		assert.equal(await cache.get("a", async () => 2), 2);
		finish(1);
		assert.equal(await slow, 1);
	});

	it("keeps neither absence nor failures", async () => {
		const { cache } = create();
		assert.equal(await cache.get("a", async () => undefined), undefined);
		await assert.rejects(
			cache.get("a", async () => {
				throw new Error("away");
			}),
			/away/,
		);
		assert.equal(await cache.get("a", async () => 3), 3);
	});

	it("takes what it has for old when the clock jumps back", async () => {
		const { cache, clock } = create();
		await cache.get("a", async () => 1);
		clock.at -= 60_000;
		assert.equal(cache.peek("a"), undefined);
	});

	it("lets go of what was used longest ago", async () => {
		const { cache } = create({ maxEntries: 2 });
		await cache.get("a", async () => 1);
		await cache.get("b", async () => 2);
		cache.peek("a");
		await cache.get("c", async () => 3);
		assert.deepEqual([cache.peek("a"), cache.peek("b"), cache.peek("c")], [1, undefined, 3]);
	});
});
