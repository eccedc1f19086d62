import assert from "node:assert/strict";
import { test } from "node:test";
import { isFreshStore } from "#/app/is-fresh-store.ts";
import { systemClock } from "#/lib/clock.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { StoreError } from "#/storage/store-error.ts";
import { forever, openRegistryHarness, pushBlob } from "../support/registry.ts";

const away = async (): Promise<never> => {
	throw new StoreError("UNAVAILABLE", "store other: its volume is not mounted");
};

test("a store that nobody could write to yet is fresh, however often it was tried, until the first object is whole", async () => {
	const other = openMemoryStore({ now: Date.now });
	await using harness = await openRegistryHarness({
		stores: new Map([
			["default", openMemoryStore({ now: Date.now })],
			["other", other],
		]),
	});
	const { metadata } = harness;
	const { objects } = metadata;
	const absent = Object.assign(openMemoryStore({ now: Date.now }), {
		write: away,
		delete: away,
		stat: away,
		open: away,
	});
	const way = new Map([...harness.stores, ["other", absent]]);
	assert.equal(await isFreshStore(objects, "other"), true);
	const instance = harness.instance({ stores: way });
	for (const content of ["one", "two"]) await assert.rejects(pushBlob(instance, "o/r", content));
	await instance.registry.uploads.drain(forever);
	const tried = await objects.list("other", { limit: 10 });
	assert.ok(tried.length > 0, "an intent comes before the first byte");
	assert.equal(await isFreshStore(objects, "other"), true);
	// Condemned, and never to be deleted while the store is away.
	for (const { store, key } of tried) await objects.condemn(store, key);
	await new Sweeper({
		...metadata,
		objects,
		uploads: metadata.uploads,
		history: metadata.history,
		stores: way,
		holder: "sweeper",
		clock: systemClock,
		report: () => undefined,
	}).round(forever);
	assert.deepEqual(
		new Set((await objects.list("other", { limit: 10 })).map(({ state }) => state)),
		new Set(["deleting"]),
	);
	assert.equal(await isFreshStore(objects, "other"), true);
	await pushBlob(harness.instance(), "o/r", "one");
	assert.equal(await isFreshStore(objects, "other"), false);
});

test("a store of which all that was whole is to be deleted is not fresh: it is deleted by whoever has its volume", async () => {
	await using harness = await openRegistryHarness();
	const { objects } = harness.metadata;
	const segment = { store: "other", key: "journal/000000000001-a" };
	await objects.intend({ ...segment, purpose: "journal", holder: "journaler" });
	assert.equal(await isFreshStore(objects, "other"), true);
	await objects.settle(segment.store, segment.key, 1);
	await objects.condemn(segment.store, segment.key);
	assert.equal(await isFreshStore(objects, "other"), false);
});
