import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ChangeFeed } from "#/features/replication/change-feed.ts";
import { ChangedRepositories } from "../../support/changed-repositories.ts";
import { forever } from "../../support/registry.ts";
import { randomBelow, seededRandom } from "../../support/seeded-random.ts";

const HOUR = 3_600_000;

describe("the feed of changes", () => {
	it("gives a burst of changes in pieces of bounded size, each once", async () => {
		const registry = new ChangedRepositories();
		const feed = new ChangeFeed(registry);
		for (let i = 0; i < 12_000; i++) registry.commit(`p/r${i}`, HOUR + i);
		const sizes: number[] = [];
		for (let now = HOUR + 15_000; sizes.length < 8; now += 3_000) {
			registry.pages = 0;
			sizes.push((await feed.next(now, forever)).length);
			assert.ok(registry.pages <= 10);
		}
		assert.deepEqual(sizes, [5_000, 5_000, 2_000, 0, 0, 0, 0, 0]);
	});

	it("misses nothing that is committed late behind it, however long it takes to come to the end", async () => {
		const registry = new ChangedRepositories();
		const feed = new ChangeFeed(registry);
		for (let i = 0; i < 12_000; i++) registry.commit(`p/r${i}`, HOUR - 30_000 + i);
		await feed.next(HOUR, forever);
		registry.commit("p/late", HOUR - 29_000);
		const late: number[] = [];
		for (let now = HOUR + 40_000; now <= HOUR + 160_000; now += 40_000) {
			if ((await feed.next(now, forever)).some(({ repository }) => repository === "p/late")) late.push(now - HOUR);
		}
		assert.deepEqual(late, [120_000]);
	});

	it("costs one empty page where nothing changed for more than a minute", async () => {
		const registry = new ChangedRepositories();
		const feed = new ChangeFeed(registry);
		for (let i = 0; i < 1_200; i++) registry.commit(`p/r${i}`, HOUR);
		for (const [now, pages] of [
			[HOUR, 3],
			[HOUR + 30_000, 3],
			[HOUR + 61_000, 3],
			[HOUR + 64_000, 1],
		] as const) {
			registry.pages = 0;
			await feed.next(now, forever);
			assert.equal(registry.pages, pages, `${now - HOUR} ms later`);
		}
	});

	for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
		it(`gives each change once and misses none, also of those that are committed late or while it fails (seed ${seed})`, async () => {
			const random = seededRandom(seed);
			const registry = new ChangedRepositories();
			const feed = new ChangeFeed(registry);
			const given = new Set<string>();
			const last = new Map<string, number>();
			let now = HOUR;
			const look = async () => {
				for (const { repository, at } of await feed.next(now, forever)) {
					assert.ok(!given.has(`${repository} ${at}`), `${repository} was given twice`);
					given.add(`${repository} ${at}`);
					last.set(repository, at);
				}
			};
			for (let step = 0; step < 60; step++) {
				const burst = randomBelow(random, 20) === 0 ? 3_000 : randomBelow(random, 5);
				for (let i = 0; i < burst; i++)
					registry.commit(`p/r${randomBelow(random, 5_000)}`, now - randomBelow(random, 30_000));
				if (randomBelow(random, 8) === 0) {
					registry.failures.push(new Error("away"));
					await assert.rejects(look, /away/);
				} else await look();
				now += randomBelow(random, 20_000);
			}
			for (let i = 0; i < 3; i++) await look();
			assert.deepEqual(last, new Map([...registry.all].filter(([repository]) => last.has(repository))));
			assert.equal(last.size, registry.all.size);
		});
	}
});
