import assert from "node:assert/strict";
import { test } from "node:test";
import { Pruner } from "#/registry/journal/pruner.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { StoreError } from "#/storage/store-error.ts";
import { failOnce, hooked, hookedStore } from "../../support/hooked.ts";
import { journalAll } from "../../support/journal.ts";
import { assertSame, prune, rebuilt, snapshot, snapshotDeps } from "../../support/rebuilding.ts";
import { forever, openRegistryHarness, pushBlob, type RegistryHarness } from "../../support/registry.ts";

/** Pushes and writes a segment, `count` times, and a snapshot then. */
const grow = async (harness: RegistryHarness, count: number): Promise<string> => {
	const instance = harness.instance();
	for (let i = 0; i < count; i++) {
		await pushBlob(instance, "p/r", crypto.randomUUID());
		await journalAll(harness);
	}
	return snapshot(harness);
};

/** The numbers of what is under a prefix in the default store. */
const numbersIn = (harness: RegistryHarness, prefix: string): readonly number[] =>
	[...(harness.objects.get("default")?.finished.keys() ?? [])]
		.filter((key) => key.startsWith(prefix))
		.map((key) => Number(key.slice(prefix.length, prefix.length + 12)))
		.sort((a, b) => a - b);

test("two snapshots stay, and every segment after the older of them", async () => {
	await using harness = await openRegistryHarness();
	await grow(harness, 3);
	await prune(harness);
	assert.deepEqual(numbersIn(harness, "journal/"), [1, 2, 3], "one snapshot alone frees nothing");
	await grow(harness, 2);
	await prune(harness);
	assert.deepEqual(numbersIn(harness, "snapshot/"), [3, 5]);
	assert.deepEqual(numbersIn(harness, "journal/"), [4, 5]);
	await grow(harness, 4);
	await prune(harness, { batch: 1 });
	assert.deepEqual(numbersIn(harness, "snapshot/"), [5, 9]);
	assert.deepEqual(numbersIn(harness, "journal/"), [6, 7, 8, 9]);
	await harness.assertSound();
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
	assert.deepEqual([again.summary.ignored, again.found], [[], []]);
});

test("more snapshots stay where that is wanted", async () => {
	await using harness = await openRegistryHarness();
	for (let i = 0; i < 5; i++) await grow(harness, 1);
	await prune(harness, { kept: 4 });
	assert.deepEqual(numbersIn(harness, "snapshot/"), [2, 3, 4, 5]);
	assert.deepEqual(numbersIn(harness, "journal/"), [3, 4, 5]);
});

test("a registry comes back from the older snapshot when the newer one is broken", async () => {
	await using harness = await openRegistryHarness();
	await grow(harness, 2);
	await grow(harness, 2);
	const broken = await grow(harness, 2);
	await pushBlob(harness.instance(), "p/r", "last");
	await journalAll(harness);
	await prune(harness);
	harness.objects.get("default")?.finished.set(broken, { bytes: Buffer.from("rotten"), modifiedAt: 0 });
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
	assert.deepEqual(
		again.summary.ignored.map(({ key, reason }) => [key, reason]),
		[[broken, "broken"]],
	);
});

test("a snapshot that is broken or gone does not count as one that stays", async () => {
	await using harness = await openRegistryHarness();
	await grow(harness, 1);
	await grow(harness, 1);
	const [rotten, gone] = [await grow(harness, 1), await grow(harness, 1)];
	const finished = harness.objects.get("default")?.finished;
	finished?.set(rotten, { bytes: Buffer.from("rotten"), modifiedAt: 0 });
	finished?.delete(gone);
	const events: RegistryEvent[] = [];
	const pruner = new Pruner({
		...snapshotDeps(harness),
		stores: harness.stores,
		report: (event) => void events.push(event),
	});
	for (let i = 0; i < 3; i++) await pruner.round(forever);
	await prune(harness);
	assert.deepEqual(numbersIn(harness, "snapshot/"), [1, 2, 3]);
	assert.deepEqual(numbersIn(harness, "journal/"), [2, 3, 4]);
	assert.deepEqual(
		events.map(({ event, fields }) => [event, fields?.key]),
		[
			["prune.snapshot-broken", gone],
			["prune.snapshot-broken", rotten],
			["prune.condemned", undefined],
		],
	);
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
});

test("while a store cannot be read nothing of it is condemned", async () => {
	await using harness = await openRegistryHarness();
	for (let i = 0; i < 3; i++) await grow(harness, 1);
	const events: RegistryEvent[] = [];
	const failing = failOnce("open", new StoreError("UNAVAILABLE", "away"));
	const stores = new Map([...harness.stores].map(([name, store]) => [name, hookedStore(store, failing)]));
	const pruner = new Pruner({ ...snapshotDeps(harness), stores, report: (event) => void events.push(event) });
	assert.deepEqual(await pruner.round(forever), { condemned: 0, hasMore: false });
	assert.deepEqual(
		events.map(({ event }) => event),
		["prune.store-failed"],
	);
	assert.equal((await pruner.round(forever)).condemned, 3);
});

test("where there is nothing to condemn nothing is written, not even a lease", async () => {
	await using harness = await openRegistryHarness();
	for (let i = 0; i < 3; i++) await grow(harness, 1);
	await prune(harness);
	const asked: string[] = [];
	const outbox = hooked(harness.metadata.outbox, async (method) => {
		asked.push(method);
		return undefined;
	});
	const pruner = new Pruner({ ...snapshotDeps(harness), stores: harness.stores, outbox });
	assert.deepEqual(await pruner.round(forever), { condemned: 0, hasMore: false });
	assert.deepEqual(asked, []);
});

test("many replicas may prune at once, and one that died is no obstacle", async () => {
	await using harness = await openRegistryHarness();
	for (let i = 0; i < 3; i++) await grow(harness, 3);
	const dying = hooked(harness.metadata.outbox, async (method) => {
		if (method !== "prune") return undefined;
		return () => {
			throw new Error("died, and nobody knows how far it came");
		};
	});
	const deps = { ...snapshotDeps(harness), stores: harness.stores };
	const first = new Pruner({ ...deps, holder: "dying", outbox: dying }, { batch: 2, leaseMs: 1 });
	await assert.rejects(first.round(forever), /died/);
	const others = ["a", "b", "c"].map((holder) => new Pruner({ ...deps, holder }, { batch: 2, leaseMs: 1 }));
	for (let i = 0; i < 6; i++) await Promise.all(others.map((pruner) => pruner.round(forever)));
	await prune(harness);
	assert.deepEqual(numbersIn(harness, "snapshot/"), [6, 9]);
	assert.deepEqual(numbersIn(harness, "journal/"), [7, 8, 9]);
	await harness.assertSound();
});

test("a registry rebuilt from a pruned journal goes on, is pruned, and can be rebuilt again", async () => {
	await using harness = await openRegistryHarness();
	for (let i = 0; i < 3; i++) await grow(harness, 2);
	await prune(harness);
	// The segment that the last snapshot reaches may be gone, too: nothing follows from its bytes any more.
	for (const key of harness.objects.get("default")?.finished.keys() ?? []) {
		if (key.startsWith("journal/")) harness.objects.get("default")?.finished.delete(key);
	}
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
	const next: RegistryHarness = { ...harness, metadata: again.metadata };
	const { epoch, base } = await again.metadata.controlState.begin("test");
	for (const number of [7, 8, 9]) {
		const spec = { name: `n${number}` };
		const upserts = [{ kind: "Project", uid: `n${number}`, generation: 1, spec }] as const;
		const outcome = await again.metadata.controlState.apply({ epoch, base: base + number - 7, upserts, deletes: [] });
		assert.ok("base" in outcome, JSON.stringify(outcome));
		await journalAll(next);
		await snapshot(next);
	}
	await prune(next);
	assert.deepEqual(numbersIn(harness, "snapshot/"), [8, 9]);
	assert.deepEqual(numbersIn(harness, "journal/"), [9]);
	await using third = await rebuilt(next);
	await assertSame(next, third);
	assert.deepEqual(third.found, []);
});
