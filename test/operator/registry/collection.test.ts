import assert from "node:assert/strict";
import { test } from "node:test";
import { registryStatus } from "#/api/kinds/registry.ts";
import { readCollection } from "#/operator/registry/collection.ts";

const { signal } = new AbortController();

test("what was collected and what waits is told in round figures that the status has fields for", async () => {
	const totals = async () => ({
		reclaimed: { objects: 123_456, bytes: 9_876_543_210, at: Date.UTC(2026, 0, 2, 3, 4, 5, 678) },
		waiting: { reviews: 20_000, objects: 1_007, bytes: 12_345_678 },
	});
	const collection = await readCollection({ totals }, signal);
	assert.deepEqual(collection, {
		reclaimedObjects: 123_000,
		reclaimedBytes: 9_880_000_000,
		lastReclaimTime: "2026-01-02T03:04:05Z",
		reviews: 20_000,
		waitingObjects: 1_010,
		waitingBytes: 12_300_000,
	});
	assert.deepEqual(registryStatus.shape.collection.parse(collection), collection);
});

test("a registry that never collected anything has no time at which it did", async () => {
	const nothing = { objects: 0, bytes: 0 };
	const totals = async () => ({ reclaimed: nothing, waiting: { reviews: 0, ...nothing } });
	const collection = await readCollection({ totals }, signal);
	assert.ok(!("lastReclaimTime" in collection));
	assert.deepEqual(registryStatus.shape.collection.parse(collection), collection);
});
