import assert from "node:assert/strict";
import { test } from "node:test";
import { copyKnown } from "#/features/migrating/copy-known.ts";
import { JobError } from "#/jobs/job-error.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { KnownObject } from "#/metadata/objects.ts";
import { digestOf } from "#/oci/digest.ts";
import { findObject } from "#/registry/find-object.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { StoreError } from "#/storage/store-error.ts";
import { never, noise, put } from "../../conformance/blob-store/bench.ts";
import { bodyOf } from "../../support/bodies.ts";
import { hookedStore } from "../../support/hooked.ts";
import { openRegistryHarness, pullBlob, pushBlob, pushImage, startUpload } from "../../support/registry.ts";
import { beginGround } from "./ground.ts";

const openGround = async () => {
	const harness = await openRegistryHarness();
	const before = harness.objects.get("default") ?? new MemoryObjects();
	return { harness, ground: await beginGround(harness.metadata, before) };
};

const intend = ({ objects }: Metadata, key: string): Promise<unknown> =>
	objects.intend({ store: "default", key, purpose: "journal", holder: "test" });

/** An object that the former place alone has. */
const makeOld = async (metadata: Metadata, former: BlobStore): Promise<KnownObject> => {
	const key = "aa/old";
	await intend(metadata, key);
	await put(former, key, noise(10));
	await metadata.objects.settle("default", key, 10);
	const known = await findObject(metadata.objects, "default", key, never);
	assert.ok(known);
	return known;
};

test("what was pushed before, and meanwhile, is all in the target at the end, which then serves it alone", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	const old = await pushBlob(harness.instance(), "p/r", "old ".repeat(2_000));
	const instance = harness.instance({ stores: new Map([["default", ground.store]]) });
	const fresh = await pushBlob(instance, "p/r", "fresh ".repeat(2_000));
	assert.equal(await ground.notes.progress(), undefined);
	assert.equal(await ground.migrator("one").round(never), "completed");
	const { objects, bytes } = (await ground.notes.progress()) ?? {};
	assert.deepEqual(
		[objects, bytes],
		[
			{ done: 2, all: 2 },
			{ done: 20_000, all: 20_000 },
		],
	);
	const alone = harness.instance({ stores: new Map([["default", ground.target]]) });
	assert.equal((await pullBlob(alone, "p/r", old)).toString(), "old ".repeat(2_000));
	assert.equal((await pullBlob(alone, "p/r", fresh)).toString(), "fresh ".repeat(2_000));
	await harness.drain();
	assert.deepEqual(await ground.findings(), []);
	assert.equal(await ground.migrator("two").round(never), "completed", "once more");
});

test("an upload that began at the former place is waited for, finished there, and copied", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	const bytes = noise(5_000);
	const before = harness.instance();
	const id = await startUpload(before, "p/r");
	await before.registry.uploads.append({ repository: "p/r", id }, bodyOf(bytes.subarray(0, 2_000)), never);
	await harness.drain();
	const migrator = ground.migrator("one");
	assert.equal(await migrator.round(never), "waiting");
	assert.match((await ground.notes.progress())?.message ?? "", /1 uploads that began before it/);
	assert.equal(await ground.isCompleted(), false);
	const instance = harness.instance({ stores: new Map([["default", ground.store]]) });
	const digest = digestOf(bytes);
	const request = { repository: "p/r", id, digest, actor: "user:test" };
	await instance.registry.uploads.finish(request, bodyOf(bytes.subarray(2_000)), never);
	assert.equal(ground.formerObjects.finished.size, 1);
	assert.equal(await migrator.round(never), "completed");
	const alone = harness.instance({ stores: new Map([["default", ground.target]]) });
	assert.deepEqual(await pullBlob(alone, "p/r", digest), bytes);
	await harness.drain();
	assert.deepEqual(await ground.findings(), []);
});

test("what is not whole is told and not copied, and holds the end up until it is no more", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	await pushImage(harness.instance(), "p/r", "v", "sound", "spoilt");
	const key = [...ground.formerObjects.finished].find(([, { bytes }]) => bytes.toString() === "spoilt")?.[0] ?? "";
	const bytes = ground.formerObjects.finished.get(key)?.bytes;
	assert.ok(bytes?.[0] !== undefined);
	bytes[0] ^= 1;
	const migrator = ground.migrator("one");
	assert.equal(await migrator.round(never), "waiting");
	assert.match(
		(await ground.notes.progress())?.message ?? "",
		/1 objects cannot be copied, such as .* expected sha256:.*, of 6 bytes/,
	);
	assert.ok(ground.events.some(({ event }) => event === "migration.trouble"));
	assert.equal(await ground.target.stat(key, never), undefined);
	bytes[0] ^= 1;
	assert.equal(await migrator.round(never), "completed");
	assert.deepEqual(await ground.findings(), []);
});

for (const other of ["c0ntent", "cont"]) {
	test(`what a life before copied is read again: ${other} in place of content is left, told, and holds the end up`, async () => {
		const { harness, ground } = await openGround();
		await using _ = harness;
		await pushBlob(harness.instance(), "p/r", "content");
		const [key = ""] = ground.formerObjects.finished.keys();
		await put(ground.target, key, Buffer.from(other));
		const migrator = ground.migrator("next");
		// The second round does not read what the first one read, but for what was not whole.
		for (const _ of [1, 2]) {
			assert.equal(await migrator.round(never), "waiting");
			assert.match((await ground.notes.progress())?.message ?? "", /^1 objects .* the target has other bytes/);
			assert.equal(ground.targetObjects.finished.get(key)?.bytes.toString(), other);
		}
		await ground.target.delete(key, undefined, never);
		assert.equal(await migrator.round(never), "completed");
		assert.deepEqual(await ground.findings(), []);
	});
}

test("a mark of the end that is older than what metadata knows is not believed", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	const { metadata } = harness;
	assert.equal(await ground.migrator("one").round(never), "completed");
	// As if metadata and files went back to a snapshot from before its deletion.
	await intend(metadata, "aa/back");
	await put(ground.former, "aa/back", noise(10));
	await metadata.objects.settle("default", "aa/back", 10);
	await intend(metadata, "aa/unfinished");
	await put(ground.former, "aa/unfinished", noise(20));
	const migrator = ground.migrator("two");
	assert.equal(await migrator.round(never), "waiting");
	const { stage, message } = (await ground.notes.progress()) ?? {};
	assert.deepEqual([stage, message], ["Copying", "1 uploads that began before it are not finished"]);
	await metadata.objects.settle("default", "aa/unfinished", 20);
	assert.equal(await migrator.round(never), "completed");
	assert.equal((await ground.notes.progress())?.stage, "Completed");
	assert.deepEqual(await ground.findings(), []);
});

test("what is Completed stays told so when it cannot be looked at", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	assert.equal(await ground.migrator("one").round(never), "completed");
	const next = ground.migrator("two", async (method) => {
		if (method === "copying") throw new StoreError("UNAVAILABLE", "the files are away");
		return undefined;
	});
	assert.equal(await next.round(never), "waiting");
	assert.equal((await ground.notes.progress())?.stage, "Completed");
});

test("a copier that was overtaken takes back its late copy of what was deleted meanwhile", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	const { metadata } = harness;
	const object = await makeOld(metadata, ground.former);
	const lost = new AbortController();
	// It stands still at its commit, and learns afterwards what happened.
	const target = hookedStore(ground.target, async (method) => {
		if (method !== "writer.commit") return undefined;
		await metadata.objects.condemn("default", object.key);
		await ground.store.delete(object.key, undefined, never);
		await metadata.objects.forget("default", object.key);
		assert.equal(await ground.migrator("next").round(never), "completed");
		return () => lost.abort(new JobError("LOST", "another process took over"));
	});
	const deps = { former: ground.former, target, name: "default", objects: metadata.objects };
	assert.equal(await copyKnown(deps, object, lost.signal), "gone");
	assert.deepEqual(await ground.findings(), []);
});

test("a copier that was overtaken leaves what its successor copied", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	const { metadata } = harness;
	const object = await makeOld(metadata, ground.former);
	const lost = new AbortController();
	const target = hookedStore(ground.target, async (method) => {
		if (method !== "writer.commit") return undefined;
		assert.equal(await ground.migrator("next").round(never), "completed");
		lost.abort(new JobError("LOST", "another process took over"));
		throw lost.signal.reason;
	});
	const deps = { former: ground.former, target, name: "default", objects: metadata.objects };
	await assert.rejects(() => copyKnown(deps, object, lost.signal), /another process took over/);
	assert.deepEqual(await ground.findings(), []);
});

test("a target that goes away holds the migration up, and says why", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	await pushBlob(harness.instance(), "p/r", "content");
	let isAway = true;
	const migrator = ground.migrator("one", async (method) => {
		if (isAway && method === "writer.commit") throw new StoreError("UNAVAILABLE", "the bucket is away");
		return undefined;
	});
	assert.equal(await migrator.round(never), "waiting");
	const { stage, message, objects } = (await ground.notes.progress()) ?? {};
	assert.deepEqual([stage, message, objects], ["Copying", "the bucket is away", { done: 0, all: 1 }]);
	isAway = false;
	assert.equal(await migrator.round(never), "completed");
});

test("a target that was emptied is not filled as if nothing had been", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	await pushBlob(harness.instance(), "p/r", "content");
	ground.targetObjects.finished.clear();
	assert.equal(await ground.migrator("one").round(never), "waiting");
	assert.match((await ground.notes.progress())?.message ?? "", /lost its mark/);
	assert.equal(ground.targetObjects.finished.size, 0);
});

test("of two processes one copies", async () => {
	const { harness, ground } = await openGround();
	await using _ = harness;
	await pushBlob(harness.instance(), "p/r", "content");
	const { promise: held, resolve: release } = Promise.withResolvers<void>();
	const first = ground.migrator("one", async (method) => {
		if (method === "writer.commit") await held;
		return undefined;
	});
	const round = first.round(never);
	const other = ground.migrator("two");
	while ((await ground.notes.copying()) === undefined) await new Promise(setImmediate);
	assert.equal(await other.round(never), "elsewhere");
	release();
	assert.equal(await round, "completed");
});
