import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { segmentHash } from "#/registry/journal/segment.ts";
import type { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { StoreError } from "#/storage/store-error.ts";
import { failOnce } from "../../support/hooked.ts";
import { journalAll, openJournaler, segmentsIn } from "../../support/journal.ts";
import { forever, openRegistryHarness, pushBlob, pushImage, type RegistryHarness } from "../../support/registry.ts";

let harness: RegistryHarness;
let objects: MemoryObjects;
beforeEach(async () => {
	harness = await openRegistryHarness();
	const own = harness.objects.get("default");
	assert.ok(own);
	objects = own;
});
afterEach(async () => {
	await harness[Symbol.asyncDispose]();
});

const bodies = (): readonly string[] => segmentsIn(objects).flatMap(({ records }) => records.map(({ body }) => body));
const outboxSize = async (): Promise<number> => (await harness.metadata.outbox.unjournaled(10_000, 1e9)).length;

test("changes come into segments that follow one another, each store's into its own", async () => {
	const instance = harness.instance();
	const { journaler } = openJournaler(harness);
	await pushImage(instance, "p/r", "v1", "config", "layer");
	await pushBlob(instance, "o/r", "elsewhere");
	const rows = await harness.metadata.outbox.unjournaled(1000, 1e9);
	assert.deepEqual(await journaler.round(forever), { rows: rows.length, sealed: 2 });
	assert.equal(await outboxSize(), 0);
	await pushImage(instance, "p/r", "v2", "config");
	assert.equal((await journaler.round(forever)).sealed, 1);

	const segments = segmentsIn(objects);
	assert.deepEqual(
		segments.map(({ header }) => [header.store, header.number]),
		[
			["default", 1],
			["default", 2],
		],
	);
	const [first, second] = segments;
	assert.equal(first?.header.previous, "");
	assert.equal(second?.header.previous, segmentHash(objects.finished.get(first?.key ?? "")?.bytes ?? Buffer.alloc(0)));
	assert.deepEqual(
		first?.records,
		rows.filter(({ store }) => store === "default").map(({ at, kind, body }) => ({ store: "default", at, kind, body })),
	);
	const last = await harness.metadata.outbox.lastSegment("default");
	assert.deepEqual([last?.number, last?.key], [2, second?.key]);
	const other = harness.objects.get("other");
	assert.ok(other);
	assert.equal(segmentsIn(other).length, 1);
	await harness.assertSound();
});

test("an idle registry writes nothing, not even a lease", async () => {
	await journalAll(harness);
	const asked: string[] = [];
	const { journaler } = openJournaler(harness, {
		outbox: async (method) => {
			asked.push(method);
			return undefined;
		},
	});
	assert.deepEqual(await journaler.round(forever), { rows: 0, sealed: 0 });
	assert.deepEqual(asked, ["unjournaled"]);
});

test("of two journalers one writes, and the other takes over when the lease is over", async () => {
	const instance = harness.instance();
	const [one, two] = [
		openJournaler(harness, { holder: "one", leaseMs: 1_500 }),
		openJournaler(harness, { holder: "two", leaseMs: 1_500 }),
	];
	assert.equal((await one.journaler.round(forever)).sealed, 2);
	await pushBlob(instance, "p/r", "a");
	assert.equal((await two.journaler.round(forever)).sealed, 0);
	await sleep(1_600);
	assert.equal((await two.journaler.round(forever)).sealed, 1);
	await pushBlob(instance, "p/r", "b");
	assert.equal((await one.journaler.round(forever)).sealed, 0, "its lease went to the other");
});

test("a journaler that leaves lets another one write at once, and takes nothing from one that has taken over", async () => {
	const instance = harness.instance();
	const holders = ["one", "two", "three"].map((holder) => openJournaler(harness, { holder }).journaler);
	const sealed = (index: number) => holders[index]?.round(forever).then((summary) => summary.sealed > 0);
	assert.ok(await sealed(0));
	await pushBlob(instance, "p/r", "a");
	assert.equal(await sealed(1), false);
	await holders[0]?.leave();
	assert.ok(await sealed(1));
	await holders[0]?.leave();
	await pushBlob(instance, "p/r", "b");
	assert.equal(await sealed(2), false, "it is still the second one's");
});

test("a journaler that lost its lease while it wrote seals nothing and leaves no byte", async () => {
	const instance = harness.instance();
	const reached = Promise.withResolvers<void>();
	const goOn = Promise.withResolvers<void>();
	const slow = openJournaler(harness, {
		holder: "slow",
		leaseMs: 60,
		outbox: async (method) => {
			if (method !== "seal") return undefined;
			reached.resolve();
			await goOn.promise;
			return undefined;
		},
	});
	await pushBlob(instance, "p/r", "a");
	const writing = slow.journaler.round(forever);
	await reached.promise;
	await sleep(80);
	await pushBlob(instance, "p/r", "b");
	const fast = openJournaler(harness, { holder: "fast" });
	assert.equal((await fast.journaler.round(forever)).sealed, 2);
	goOn.resolve();
	assert.equal((await writing).sealed, 0);
	assert.equal(segmentsIn(objects).length, 1);
	assert.equal(new Set(bodies()).size, bodies().length);
	await harness.assertSound();
});

for (const method of ["write", "writer.append", "writer.commit"]) {
	test(`a store that fails at ${method} keeps its records in the outbox, and they come later`, async () => {
		const instance = harness.instance();
		await journalAll(harness);
		await pushBlob(instance, "p/r", "a");
		const waiting = await outboxSize();
		const failing = failOnce(method, new StoreError("UNAVAILABLE", "away"));
		const { journaler, events } = openJournaler(harness, { store: failing });
		assert.equal((await journaler.round(forever)).sealed, 0);
		assert.equal(await outboxSize(), waiting);
		assert.deepEqual(
			events.map(({ event }) => event),
			["journal.segment-failed"],
		);
		assert.equal((await journaler.round(forever)).sealed, 0, "the store is left alone for a while");
		await journalAll(harness);
		assert.equal(await outboxSize(), 0);
		assert.equal(segmentsIn(objects).length, 2);
		await harness.assertSound();
	});
}

test("records of a store that is away do not keep those of another from the journal", async () => {
	const instance = harness.instance();
	await journalAll(harness);
	const { journaler } = openJournaler(harness, {
		maxRecords: 4,
		store: async (_, [key]) => {
			if (String(key).startsWith("journal/") && away) throw new StoreError("UNAVAILABLE", "away");
			return undefined;
		},
	});
	let away = true;
	for (let i = 0; i < 10; i++) await pushBlob(instance, "p/r", `away ${i}`);
	await pushBlob(instance, "o/r", "not away");
	// Both stores fail at first; the window grows until the other store's records are in sight.
	for (let i = 0; i < 6; i++) await journaler.round(forever);
	away = false;
	await sleep(1_100);
	for (let i = 0; i < 8 && (await outboxSize()) > 0; i++) await journaler.round(forever);
	assert.equal(await outboxSize(), 0);
	await harness.assertSound();
});

test("when nobody knows whether a segment was sealed, it stays, and the journal goes on behind it", async () => {
	const instance = harness.instance();
	await journalAll(harness);
	await pushBlob(instance, "p/r", "a");
	let lost = false;
	const { journaler, events } = openJournaler(harness, {
		outbox: async (method) => {
			if (method !== "seal" || lost) return undefined;
			lost = true;
			return () => {
				throw new Error("no answer");
			};
		},
	});
	assert.equal((await journaler.round(forever)).sealed, 0);
	assert.equal(events.length, 1);
	assert.equal(await outboxSize(), 0, "it was sealed");
	await pushBlob(instance, "p/r", "b");
	await journalAll(harness);
	assert.deepEqual(
		segmentsIn(objects).map(({ header }) => header.number),
		[1, 2, 3],
	);
	await harness.assertSound();
});

test("rounds of one journaler come one after the other", async () => {
	const instance = harness.instance();
	await pushBlob(instance, "p/r", "a");
	const { journaler, events } = openJournaler(harness);
	const rounds = await Promise.all([1, 2, 3].map(() => journaler.round(forever)));
	assert.deepEqual(
		rounds.map(({ sealed }) => sealed),
		[2, 0, 0],
	);
	assert.deepEqual(events, []);
});

test("the loop writes what comes and ends when told", async () => {
	const instance = harness.instance();
	const { journaler } = openJournaler(harness, { intervalMs: 5 });
	const controller = new AbortController();
	const running = journaler.run(controller.signal);
	await pushBlob(instance, "p/r", "a");
	while ((await outboxSize()) > 0) await sleep(5);
	controller.abort();
	await running;
	assert.ok(bodies().length > 0);
});

for (const method of ["write", "writer.append", "writer.commit"]) {
	test(`a round that is told to end at ${method} does not keep the last one from writing what is there`, async () => {
		const instance = harness.instance();
		await journalAll(harness);
		await pushBlob(instance, "p/r", "a");
		const controller = new AbortController();
		const ending = failOnce(method, new StoreError("UNAVAILABLE", "told to end"));
		const { journaler, events } = openJournaler(harness, {
			store: (...call) => {
				if (call[0] === method) controller.abort();
				return ending(...call);
			},
		});
		assert.equal((await journaler.round(controller.signal)).sealed, 0);
		assert.deepEqual(events, []);
		assert.equal((await journaler.round(forever)).sealed, 1);
		assert.equal(await outboxSize(), 0);
		await harness.assertSound();
	});
}
