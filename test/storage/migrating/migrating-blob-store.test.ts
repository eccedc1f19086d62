import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { MigratingBlobStore } from "#/storage/migrating/migrating-blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import {
	appendAll,
	assertBytes,
	assertStoreError,
	listKeys,
	MIB,
	never,
	noise,
	put,
	read,
	throughJson,
} from "../../conformance/blob-store/bench.ts";
import { blobStoreConformance } from "../../conformance/blob-store.ts";
import { hookedStore } from "../../support/hooked.ts";

interface Ground {
	readonly former: BlobStore;
	readonly target: BlobStore;
	readonly store: BlobStore;
	readonly objects: { readonly former: MemoryObjects; readonly target: MemoryObjects };
}

const openGround = (): Ground => {
	const objects = { former: new MemoryObjects(), target: new MemoryObjects() };
	const former = openMemoryStore({ now: Date.now, objects: objects.former });
	const target = openMemoryStore({ now: Date.now, objects: objects.target });
	return { former, target, objects, store: new MigratingBlobStore({ former, target }) };
};

blobStoreConformance("a store on its way", async () => {
	const { objects, store } = openGround();
	const open = (of: MemoryObjects): BlobStore => openMemoryStore({ now: Date.now, objects: of });
	return {
		store,
		fencesWriters: true,
		reopen: async () => new MigratingBlobStore({ former: open(objects.former), target: open(objects.target) }),
		corrupt: async (key) => {
			const bytes = objects.target.finished.get(key)?.bytes;
			if (bytes?.[1000] !== undefined) bytes[1000] ^= 1;
		},
		dropPart: async (key) => {
			objects.target.staged.delete(key);
		},
		[Symbol.asyncDispose]: async () => undefined,
	};
});

test("what is new goes to the target, and what was there before is found, listed once, and deleted at both places", async () => {
	const { former, target, store } = openGround();
	await put(former, "aa/old", noise(10));
	await put(former, "ab/both", noise(20));
	await put(target, "ab/both", noise(20));
	await put(store, "ac/new", noise(30));
	assert.equal(await former.stat("ac/new", never), undefined);
	assert.equal((await store.stat("aa/old", never))?.size, 10);
	assertBytes(await read(store, "aa/old"), noise(10));
	assert.deepEqual(await listKeys(store, ""), ["aa/old", "ab/both", "ac/new"]);
	for (const key of ["aa/old", "ab/both", "ac/new"]) await store.delete(key, undefined, never);
	assert.deepEqual([await listKeys(former, ""), await listKeys(target, "")], [[], []]);
	await assertStoreError("NOT_FOUND", () => store.open("aa/old", never));
});

test("an upload that was begun at the former place is finished there, one begun later in the target", async () => {
	const { former, target, store } = openGround();
	const bytes = noise(2 * MIB);
	for (const [place, begun] of [
		[former, former],
		[target, store],
	] as const) {
		const writer = await begun.write("aa/upload", {}, never);
		await appendAll(writer, bytes.subarray(0, MIB));
		const state = throughJson(await writer.checkpoint(never));
		await writer[Symbol.asyncDispose]();
		assert.deepEqual(await listKeys(store, ""), ["aa/upload*"]);
		const again = await store.resume("aa/upload", state, {}, never);
		await appendAll(again, bytes.subarray(MIB));
		assert.equal(await again.digest("sha256", never), digestOf(bytes));
		await again.commit(never);
		assertBytes(await read(place, "aa/upload"), bytes);
		await store.delete("aa/upload", undefined, never);
	}
	await assertStoreError("NOT_FOUND", () => store.resume("aa/upload", { offset: 7 }, {}, never));
});

test("a writer lost at the former place has nothing to finish once its upload begins anew", async () => {
	const { former, store } = openGround();
	const lost = await former.write("aa/upload", {}, never);
	await lost.append(noise(10));
	const writer = await store.write("aa/upload", { takeover: 2 }, never);
	await assertStoreError("NOT_FOUND", () => lost.commit(never));
	await writer.append(noise(20));
	await writer.commit(never);
	assertBytes(await read(store, "aa/upload"), noise(20));
});

test("a target that is away hides nothing that the former place has, and no doubt becomes an absence", async () => {
	const { former, target } = openGround();
	await put(former, "aa/old", noise(10));
	await put(target, "ac/new", noise(10));
	const away = new StoreError("UNAVAILABLE", "away");
	const store = new MigratingBlobStore({
		former,
		target: hookedStore(target, async () => {
			throw away;
		}),
	});
	assertBytes(await read(store, "aa/old"), noise(10));
	assert.equal((await store.stat("aa/old", never))?.size, 10);
	for (const ask of [() => store.stat("ac/new", never), () => store.open("ac/new", never)]) {
		await assert.rejects(ask, away);
	}
	await assert.rejects(() => store.write("ad/x", {}, never), away);
});
