import assert from "node:assert/strict";
import { test } from "node:test";
import type { Objects } from "#/metadata/objects.ts";
import type { Snapshots } from "#/metadata/snapshots.ts";
import { writeSnapshot } from "#/registry/journal/snapshot.ts";
import { StoreError } from "#/storage/store-error.ts";
import { failOnce, hookedStore } from "../../support/hooked.ts";
import { snapshotDeps } from "../../support/rebuilding.ts";
import { forever, openRegistryHarness } from "../../support/registry.ts";

test("a snapshot that is finished when its intent has gone, as stale, leaves nothing behind", async () => {
	await using harness = await openRegistryHarness();
	const deps = snapshotDeps(harness);
	const objects: Objects = {
		...deps.objects,
		settle: async (store, key, size) => {
			await deps.objects.condemn(store, key);
			await deps.objects.forget(store, key);
			await deps.objects.settle(store, key, size);
		},
	};
	const store = harness.stores.get("default") ?? assert.fail();
	await assert.rejects(
		writeSnapshot({ ...deps, objects }, { name: "default", store }, forever),
		/is not being written/,
	);
	await harness.assertSound();
	assert.deepEqual(await Array.fromAsync(store.list("snapshot/", forever)), []);
});

for (const method of ["none", "write", "writer.append", "writer.commit"]) {
	test(`a snapshot lets go of the database when it ends, failing at: ${method}`, async () => {
		await using harness = await openRegistryHarness();
		const deps = snapshotDeps(harness);
		let held: AbortSignal | undefined;
		const snapshots: Snapshots = {
			...deps.snapshots,
			export: (store, signal) => {
				held = signal;
				return deps.snapshots.export(store, signal);
			},
		};
		const plain = harness.stores.get("default") ?? assert.fail();
		const store = hookedStore(plain, failOnce(method, new StoreError("UNAVAILABLE", "away")));
		const writing = writeSnapshot({ ...deps, snapshots }, { name: "default", store }, forever);
		if (method === "none") await writing;
		else await assert.rejects(writing, { code: "UNAVAILABLE" });
		assert.equal(held?.aborted, true);
		await harness.assertSound();
	});
}
