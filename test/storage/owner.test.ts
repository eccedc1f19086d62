import assert from "node:assert/strict";
import { test } from "node:test";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { claimStore, foreignStore, OWNER_KEY, readOwner } from "#/storage/owner.ts";
import { put } from "../conformance/blob-store/bench.ts";

const { signal } = new AbortController();
const openPair = () => {
	const objects = new MemoryObjects();
	return [openMemoryStore({ now: Date.now, objects }), openMemoryStore({ now: Date.now, objects })] as const;
};

test("a store that is nobody's becomes that of the first who claims it, for good", async () => {
	const [one, other] = openPair();
	const [mine, theirs] = [
		{ registry: "a", store: "default" },
		{ registry: "b", store: "default" },
	];
	assert.equal(await readOwner(one, signal), undefined);
	assert.equal(await claimStore(one, mine, signal), undefined);
	assert.equal(await claimStore(one, mine, signal), undefined);
	assert.deepEqual(await claimStore(other, theirs, signal), mine);
	assert.deepEqual(await claimStore(other, { ...mine, store: "cold" }, signal), mine);
	assert.deepEqual(await readOwner(other, signal), mine);
});

test("of several that claim a store at once, one has it and the others are told whose it is", async () => {
	const [store] = openPair();
	const claims = ["a", "b", "c"].map((registry) => claimStore(store, { registry, store: "default" }, signal));
	const told = await Promise.all(claims);
	const owner = await readOwner(store, signal);
	assert.equal(told.filter((other) => other === undefined).length, 1);
	for (const other of told) if (other !== undefined) assert.deepEqual(other, owner);
});

test("what is written where the owner should stand is not taken for one", async () => {
	const [store] = openPair();
	await put(store, OWNER_KEY, Buffer.from("{}"));
	await assert.rejects(readOwner(store, signal), { code: "CORRUPT" });
});

test("the refusal says whose the store is, and what to do", () => {
	const owner = { registry: "id-7", store: "cold" };
	assert.match(foreignStore("hot", owner, true).message, /^store hot: .*the store cold of this registry.*its own$/);
	assert.match(foreignStore("hot", owner, false).message, /^store hot: .*another registry \(id-7, its store cold\)/);
});
