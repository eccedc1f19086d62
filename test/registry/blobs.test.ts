import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock } from "#/lib/clock.ts";
import { digestOf } from "#/oci/digest.ts";
import { createBlobService } from "#/registry/blob-service.ts";
import { SmallBlobs } from "#/registry/small-blobs.ts";
import { StoreError } from "#/storage/store-error.ts";
import { failOnce, hookedStore } from "../support/hooked.ts";
import { forever, openRegistryHarness, pushBlob, pushImage, type RegistryHarness } from "../support/registry.ts";

let harness: RegistryHarness;
before(async () => {
	harness = await openRegistryHarness();
});
after(async () => {
	await harness[Symbol.asyncDispose]();
});

test("a blob is known only where it was pushed", async () => {
	const instance = harness.instance();
	const digest = await pushBlob(instance, "p/here", "blob");
	await pushBlob(instance, "p/there", "other");
	const { blobs } = instance.registry;
	const location = await blobs.stat("p/here", digest, forever);
	assert.deepEqual([location.digest, location.size, location.store], [digest, 4, "default"]);
	await assert.rejects(blobs.stat("p/there", digest, forever), { code: "BLOB_UNKNOWN", status: 404 });
	await assert.rejects(blobs.stat("p/nowhere", digest, forever), { code: "NAME_UNKNOWN", status: 404 });
});

test("a project's store has its blobs", async () => {
	const digest = await pushBlob(harness.instance(), "o/r", "in the other store");
	assert.equal((await harness.instance().registry.blobs.stat("o/r", digest, forever)).store, "other");
	assert.equal(harness.objects.get("other")?.finished.size, 1);
});

test("holders are of the same project", async () => {
	const instance = harness.instance();
	const digest = await pushBlob(instance, "p/holder-a", "held");
	await pushBlob(instance, "p/holder-b", "held");
	await pushBlob(instance, "q/holder-c", "held");
	const holders = await instance.registry.blobs.holders("p/holder-new", digest, forever);
	assert.deepEqual(holders, ["p/holder-a", "p/holder-b"]);
});

test("a removed blob is gone from its repository alone", async () => {
	const instance = harness.instance();
	const { blobs } = instance.registry;
	const digest = await pushBlob(instance, "p/removed", "to remove");
	await pushBlob(instance, "p/kept", "to remove");
	await blobs.remove("p/removed", digest, "user:test", forever);
	await assert.rejects(blobs.stat("p/removed", digest, forever), { code: "BLOB_UNKNOWN" });
	await assert.rejects(blobs.remove("p/removed", digest, "user:test", forever), { code: "BLOB_UNKNOWN", status: 404 });
	await blobs.stat("p/kept", digest, forever);
});

test("a blob that a manifest references cannot be removed", async () => {
	const instance = harness.instance();
	const manifest = await pushImage(instance, "p/used", "v1", "config", "layer");
	const remove = instance.registry.blobs.remove("p/used", digestOf(Buffer.from("layer")), "user:test", forever);
	await assert.rejects(remove, { code: "CONFLICT", status: 409, detail: { by: [manifest] } });
});

test("a store that can presign redirects, unless the bytes are wanted inline", async () => {
	const store = harness.stores.get("default");
	assert.ok(store);
	const presigning = Object.assign(
		hookedStore(store, async () => undefined),
		{ presign: async (key: string, { method }: { readonly method: string }) => `https://bucket/${key}?${method}` },
	);
	const blobs = createBlobService({
		blobs: harness.metadata.blobs,
		stores: new Map([["default", presigning]]),
		small: new SmallBlobs(),
		clock: systemClock,
		touchMs: 3_600_000,
	});
	const digest = await pushBlob(harness.instance(), "p/presigned", "presigned");
	const location = await blobs.stat("p/presigned", digest, forever);
	assert.deepEqual(await blobs.content(location, { method: "HEAD", inline: false }, forever), {
		redirect: `https://bucket/${location.key}?HEAD`,
	});
	assert.ok(!("redirect" in (await blobs.content(location, { method: "GET", inline: true }, forever))));
});

for (const [code, expected] of [
	["UNAVAILABLE", "UNAVAILABLE"],
	["NOT_FOUND", "UNKNOWN"],
] as const) {
	test(`a store that fails with ${code} when a blob is opened is ${expected}, whether it is small or large`, async () => {
		for (const size of [10, 100_000]) {
			const digest = await pushBlob(harness.instance(), "p/failing", Buffer.alloc(size));
			const { blobs } = harness.instance({ store: failOnce("open", new StoreError(code, "x")) }).registry;
			const location = await blobs.stat("p/failing", digest, forever);
			const read = async (): Promise<void> => {
				const content = await blobs.content(location, { method: "GET", inline: true }, forever);
				if ("open" in content) await content.open();
			};
			await assert.rejects(read, { code: expected });
		}
	});
}

test("a blob in a store that this process does not have is UNAVAILABLE", async () => {
	const { blobs } = harness.instance().registry;
	const digest = await pushBlob(harness.instance(), "p/lost-store", "x");
	const location = { ...(await blobs.stat("p/lost-store", digest, forever)), store: "no-such" };
	const content = blobs.content(location, { method: "GET", inline: true }, forever);
	await assert.rejects(content, { code: "UNAVAILABLE", status: 503 });
});
