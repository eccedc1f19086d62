import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { EmbeddedStore, StoreError } from "#/kube-embedded/store/embedded-store.ts";
import type { StoreEvent } from "#/kube-embedded/store/store-event.ts";
import { watchStore } from "#/kube-embedded/store/watch-store.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const THINGS = "/things";
const thing = (name: string, value = 0) => ({
	apiVersion: "v1",
	kind: "Thing",
	metadata: { name, namespace: "a" },
	value,
});
const ref = (name: string) => ({ resource: THINGS, namespace: "a", name });

const openStore = (test: TestContext, settings: { events?: number } = {}): EmbeddedStore => {
	const retention = { age: 1e9, ...settings };
	const store = new EmbeddedStore({ directory: temporaryDirectory(test), now: () => 0, retention });
	test.after(() => store[Symbol.dispose]());
	return store;
};

test("a second opening of the same directory is refused while the first lasts", (t) => {
	const directory = temporaryDirectory(t);
	const deps = { directory, now: () => 0 };
	const first = new EmbeddedStore(deps);
	assert.throws(
		() => new EmbeddedStore(deps),
		(error) => error instanceof StoreError && error.code === "LOCKED",
	);
	first[Symbol.dispose]();
	new EmbeddedStore(deps)[Symbol.dispose]();
});

test("a command that fails leaves nothing behind and disturbs none that shares its commit", async (t) => {
	const store = openStore(t);
	const outcomes = await Promise.allSettled([
		store.write((transaction) => transaction.put(THINGS, thing("one"))),
		store.write((transaction) => {
			transaction.put(THINGS, thing("lost"));
			throw new Error("no");
		}),
		store.write((transaction) => transaction.put(THINGS, thing("two"))),
	]);
	assert.deepEqual(
		outcomes.map(({ status }) => status),
		["fulfilled", "rejected", "fulfilled"],
	);
	assert.equal(store.find(ref("lost")), undefined);
	assert.equal(store.find(ref("one"))?.metadata.resourceVersion, "1");
	assert.equal(store.find(ref("two"))?.metadata.resourceVersion, "2");
	assert.equal(store.revision, 2);
});

test("commands that share a commit see what those before them wrote", async (t) => {
	const store = openStore(t);
	const add = () =>
		store.write((transaction) => {
			const value = Number(transaction.find(ref("sum"))?.value ?? 0);
			transaction.put(THINGS, thing("sum", value + 1));
		});
	await Promise.all(Array.from({ length: 50 }, add));
	assert.equal(store.find(ref("sum"))?.value, 50);
});

test("listeners hear of changes after their commit, in order, and never of what failed", async (t) => {
	const store = openStore(t);
	const heard: StoreEvent[] = [];
	store.subscribe((event) => {
		assert.equal(store.revision >= event.revision, true);
		heard.push(event);
	});
	await store.write((transaction) => transaction.put(THINGS, thing("one")));
	await assert.rejects(
		store.write((transaction) => {
			transaction.put(THINGS, thing("never"));
			throw new Error("no");
		}),
	);
	await store.write((transaction) => {
		transaction.put(THINGS, thing("one", 1));
		transaction.remove(ref("one"));
	});
	assert.deepEqual(
		heard.map(({ revision, before, after }) => [revision, before?.value, after?.value]),
		[
			[1, undefined, 0],
			[2, 0, 1],
			[3, 1, undefined],
		],
	);
});

test("the counter goes on after a restart, though old events are forgotten", async (t) => {
	const directory = temporaryDirectory(t);
	const deps = { directory, now: () => 0, retention: { events: 1, age: 1e9 } };
	{
		using store = new EmbeddedStore(deps);
		for (const name of ["a", "b", "c"]) await store.write((transaction) => transaction.put(THINGS, thing(name)));
		await store.write((transaction) => transaction.remove(ref("c")));
		store.compact();
		assert.equal(store.compacted, 3);
	}
	using again = new EmbeddedStore(deps);
	assert.equal(again.revision, 4);
	assert.deepEqual(
		again.list({ resource: THINGS }).map(({ metadata }) => metadata.name),
		["a", "b"],
	);
	const next = await again.write((transaction) => transaction.put(THINGS, thing("d")));
	assert.equal(next.metadata.resourceVersion, "5");
});

test("a watch whose reader does not keep up is ended, and one that begins too late is told so", async (t) => {
	const store = openStore(t, { events: 3 });
	const signal = new AbortController().signal;
	const slow = watchStore(store, { resource: THINGS, revision: 0, bookmarkEvery: 1e6, buffer: 4 }, signal);
	await store.write((transaction) => transaction.put(THINGS, thing("first")));
	assert.equal((await slow.next()).done, false);
	const second = slow.next();
	await store.write((transaction) => transaction.put(THINGS, thing("second")));
	assert.equal((await second).done, false);
	for (let at = 0; at < 6; at++) await store.write((transaction) => transaction.put(THINGS, thing("many", at)));
	assert.deepEqual(await slow.next(), { done: true, value: "slow" });
	store.compact();
	const late = watchStore(store, { resource: THINGS, revision: 1, bookmarkEvery: 1e6 }, signal);
	assert.deepEqual(await late.next(), { done: true, value: "gone" });
});
