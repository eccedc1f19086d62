import assert from "node:assert/strict";
import { test } from "node:test";
import { PatientStore, type PatientStoreDeps } from "#/app/patient-store.ts";
import { type BlobStore, canPresign } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { StoreError } from "#/storage/store-error.ts";
import { assertBytes, noise, put, read } from "../conformance/blob-store/bench.ts";
import { blobStoreConformance } from "../conformance/blob-store.ts";
import { eventually } from "../support/eventually.ts";
import { openMemoryHarness } from "../support/memory-harness.ts";

const { signal } = new AbortController();

const openPatient = (deps: Partial<PatientStoreDeps> = {}) => {
	const changes: (string | undefined)[] = [];
	const store = new PatientStore({
		name: "cold",
		open: async () => openMemoryStore({ now: Date.now }),
		claim: async () => undefined,
		changed: (_, failure) => changes.push(failure?.message),
		retryMs: 10,
		...deps,
	});
	return { store, changes };
};

blobStoreConformance("opened with patience", async () =>
	openMemoryHarness((inner) => openPatient({ open: async () => inner }).store),
);

test("a store that cannot be opened fails every call with its name, and serves when it can be", async () => {
	let works = false;
	const { store, changes } = openPatient({
		open: async () => {
			if (!works) throw new StoreError("DENIED", "the keys do not open the bucket");
			return openMemoryStore({ now: Date.now });
		},
	});
	await using _ = store;
	await assert.rejects(store.settled(60_000), {
		code: "DENIED",
		message: "store cold: the keys do not open the bucket",
	});
	await assert.rejects(store.stat("a", signal), { code: "DENIED", store: "cold" });
	await assert.rejects(Array.fromAsync(store.list("", signal)), { code: "DENIED", store: "cold" });
	assert.equal(canPresign(store), false);
	works = true;
	await eventually(async () => assert.equal(await store.stat("a", signal), undefined));
	assert.equal(store.failure, undefined);
	assert.deepEqual(changes, ["store cold: the keys do not open the bucket", undefined]);
});

test("a store that goes away is known to be back without anybody using it", async () => {
	let isAway = false;
	const flaky = (inner: BlobStore): BlobStore =>
		new Proxy(inner, {
			get(target, property) {
				if (isAway && property === "stat") throw new StoreError("UNAVAILABLE", "no answer");
				const member: unknown = Reflect.get(target, property, target);
				return typeof member === "function" ? member.bind(target) : member;
			},
		});
	const { store, changes } = openPatient({ open: async () => flaky(openMemoryStore({ now: Date.now })) });
	await using _ = store;
	const bytes = noise(1000);
	await put(store, "a", bytes);
	isAway = true;
	await assert.rejects(store.stat("a", signal), {
		code: "UNAVAILABLE",
		message: "store cold: no answer",
		store: "cold",
	});
	assert.equal(store.failure?.message, "store cold: no answer");
	assertBytes(await read(store, "a"), bytes);
	isAway = true;
	await assert.rejects(store.stat("a", signal));
	isAway = false;
	await eventually(() => assert.equal(store.failure, undefined));
	assert.equal(changes.at(-1), undefined);
});

test("a store that belongs to somebody else is never used", async () => {
	const inner = openMemoryStore({ now: Date.now });
	const { store } = openPatient({
		open: async () => inner,
		claim: async () => new StoreError("UNAVAILABLE", "store cold: another's", { store: "cold" }),
	});
	await using _ = store;
	await assert.rejects(store.settled(60_000), { message: "store cold: another's" });
	await assert.rejects(put(store, "a", noise(10)), { message: "store cold: another's" });
	assert.deepEqual(await Array.fromAsync(inner.list("", signal)), []);
});

test("one that cannot be asked whose it is does not end a start, and is used by nobody until then", async () => {
	let answers = false;
	const { store } = openPatient({
		claim: async () => {
			if (!answers) throw new StoreError("UNAVAILABLE", "no answer");
			return undefined;
		},
	});
	await using _ = store;
	await store.settled(60_000);
	await assert.rejects(store.stat("a", signal), { message: "store cold: no answer" });
	answers = true;
	await eventually(() => put(store, "a", noise(10)));
});
