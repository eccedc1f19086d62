import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RegistryEvent } from "#/registry/report.ts";
import { Sweeper, type SweeperOpts } from "#/registry/sweeper.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { bodyOf } from "../support/bodies.ts";
import { type Hook, hookedStore } from "../support/hooked.ts";
import { ManualClock } from "../support/manual-clock.ts";
import {
	forever,
	openRegistryHarness,
	pullBlob,
	pushBlob,
	type RegistryHarness,
	startUpload,
} from "../support/registry.ts";
import { openInspectedMetadata } from "../support/sqlite-metadata.ts";

const HOUR = 3_600_000;

let harness: RegistryHarness;
before(async () => {
	harness = await openRegistryHarness();
});
after(async () => {
	await harness[Symbol.asyncDispose]();
});
beforeEach(() => sleep(5));

const open = (opts: Partial<SweeperOpts> & { readonly store?: Hook; readonly holder?: string } = {}) => {
	const { store: hook, holder = "sweeper", ...rest } = opts;
	const events: RegistryEvent[] = [];
	const clock = new ManualClock();
	const disguise = (store: BlobStore): BlobStore => (hook === undefined ? store : hookedStore(store, hook));
	const stores = new Map([...harness.stores].map(([name, store]) => [name, disguise(store)]));
	const { objects, uploads, history } = harness.metadata;
	const report = (event: RegistryEvent): void => void events.push(event);
	const sweeper = new Sweeper(
		{ objects, uploads, history, stores, holder, clock, report },
		{ staleMs: 3_600_000, ...rest },
	);
	return { sweeper, clock, events };
};

/** Leaves condemned objects: an instance that cannot delete cancels uploads with bytes. */
const condemn = async (count: number, project = "p"): Promise<readonly string[]> => {
	const instance = harness.instance({
		store: async (method) => {
			if (method === "delete" || method === "writer.abort") throw new StoreError("UNAVAILABLE", "away");
			return undefined;
		},
	});
	const name = project === "o" ? "other" : "default";
	const before = new Set((await known(name)).map(({ key }) => key));
	for (let i = 0; i < count; i++) {
		const repository = `${project}/swept`;
		const id = await startUpload(instance, repository);
		await instance.registry.uploads.append({ repository, id }, bodyOf("left behind"), forever);
		await instance.registry.uploads.cancel(repository, id, forever);
	}
	return (await known(name)).map(({ key }) => key).filter((key) => !before.has(key));
};

const known = (store: string) => harness.metadata.objects.list(store, { limit: 1000 });
const staged = (store: string) => [...(harness.objects.get(store)?.staged.keys() ?? [])];

test("condemned objects go, bytes first, and live ones stay", async () => {
	const instance = harness.instance();
	const digest = await pushBlob(instance, "p/kept", "kept");
	const keys = await condemn(3);
	assert.deepEqual(staged("default").sort(), [...keys].sort());
	const summary = await open().sweeper.round(forever);
	assert.deepEqual(summary, { deleted: 3, failed: 0, expired: 0, ended: 0, hasMore: false });
	assert.deepEqual(staged("default"), []);
	assert.equal((await known("default")).length, 1);
	assert.equal((await pullBlob(instance, "p/kept", digest)).toString(), "kept");
	await harness.assertSound();
});

test("two sweepers share the work and neither fails", async () => {
	await condemn(12);
	const sweepers = [open({ holder: "a", batch: 3 }), open({ holder: "b", batch: 3 })];
	const summaries = await Promise.all(sweepers.map(({ sweeper }) => sweeper.round(forever)));
	assert.equal(
		summaries.reduce((sum, { deleted }) => sum + deleted, 0),
		12,
	);
	assert.deepEqual(staged("default"), []);
});

test("a round is bounded and says that there is more", async () => {
	await condemn(5);
	const { sweeper } = open({ batch: 2, batches: 2 });
	assert.deepEqual(await sweeper.round(forever), { deleted: 4, failed: 0, expired: 0, ended: 0, hasMore: true });
	assert.deepEqual(await sweeper.round(forever), { deleted: 1, failed: 0, expired: 0, ended: 0, hasMore: false });
});

test("a store that fails is left alone for a while; the others are swept, and nothing is forgotten", async () => {
	await condemn(3);
	await condemn(2, "o");
	let tries = 0;
	let away = true;
	const { sweeper, clock, events } = open({
		claimMs: 1_000,
		concurrency: 1,
		store: async (method, [key]) => {
			if (method !== "delete" || !away || !staged("default").includes(String(key))) return undefined;
			tries += 1;
			throw new StoreError("UNAVAILABLE", "away");
		},
	});
	assert.deepEqual(await sweeper.round(forever), { deleted: 2, failed: 3, expired: 0, ended: 0, hasMore: false });
	assert.equal(tries, 1);
	assert.deepEqual(
		events.map(({ event }) => event),
		["sweep.delete-failed"],
	);
	assert.equal(staged("default").length, 3);
	await sleep(1_050);
	assert.equal((await sweeper.round(forever)).deleted, 0);
	assert.equal(tries, 1, "not asked again so soon");
	clock.advance(5_001);
	await sleep(1_050);
	await sweeper.round(forever);
	assert.equal(tries, 2);
	clock.advance(5_001);
	await sleep(1_050);
	await sweeper.round(forever);
	assert.equal(tries, 2, "the pause doubles");
	away = false;
	clock.advance(5_001);
	await sleep(1_050);
	assert.equal((await sweeper.round(forever)).deleted, 3);
	await harness.assertSound();
});

test("uploads that nobody touches end, and their bytes go", async () => {
	const instance = harness.instance();
	const repository = "p/idle";
	const id = await startUpload(instance, repository);
	await instance.registry.uploads.append({ repository, id }, bodyOf("idle"), forever);
	assert.equal((await open().sweeper.round(forever)).expired, 0);
	await sleep(20);
	const { expired, deleted } = await open({ idleUploadMs: 10 }).sweeper.round(forever);
	assert.deepEqual([expired, deleted], [1, 1]);
	await assert.rejects(instance.registry.uploads.status(repository, id, forever), { code: "BLOB_UPLOAD_UNKNOWN" });
	await harness.assertSound();
});

test("a stale intent goes, with whatever was written under it", async () => {
	const { objects } = harness.metadata;
	const store = harness.stores.get("default");
	await objects.intend({ store: "default", key: "journal/000000000009-x", purpose: "journal", holder: "dead" });
	const writer = await store?.write("journal/000000000009-x", {}, forever);
	await writer?.append(Buffer.from("half a segment"));
	assert.equal((await open().sweeper.round(forever)).deleted, 0);
	await sleep(20);
	assert.equal((await open({ staleMs: 10 }).sweeper.round(forever)).deleted, 1);
	await harness.assertSound();
});

describe("after a jump of the clock by which things become old", () => {
	const CALM = { deleted: 0, failed: 0, expired: 0, ended: 0, hasMore: false };

	/** A sweeper over metadata whose clock is set by hand, an upload and a stale intent of the journal in it. */
	const openTimed = async (t: TestContext) => {
		const { metadata, clock: database, ...inspected } = await openInspectedMetadata();
		const timed = await openRegistryHarness({ metadata });
		t.after(async () => {
			await timed.drain();
			await inspected[Symbol.asyncDispose]();
		});
		await startUpload(timed.instance(), "p/app");
		await metadata.objects.intend({ store: "default", key: "journal/1", purpose: "journal", holder: "dead" });
		const { objects, uploads, history } = metadata;
		const start = () => {
			const clock = new ManualClock();
			const deps = {
				objects,
				uploads,
				history,
				stores: timed.stores,
				holder: "sweeper",
				clock,
				report: () => undefined,
			};
			const sweeper = new Sweeper(deps, { staleMs: 2 * HOUR, idleUploadMs: 24 * HOUR });
			/** Time passes, with a round every half hour. */
			const pass = async (hours: number): Promise<void> => {
				for (let i = 0; i < 2 * hours; i++) {
					clock.advance(HOUR / 2);
					database.now += HOUR / 2;
					assert.deepEqual(await sweeper.round(forever), CALM);
				}
			};
			return { sweeper, clock, pass };
		};
		return { database, start };
	};

	it("nothing is deleted for as long as things take to become old", async (t) => {
		const { database, start } = await openTimed(t);
		const { sweeper, clock, pass } = start();
		assert.deepEqual(await sweeper.round(forever), CALM);
		database.now += 48 * HOUR;
		assert.deepEqual(await sweeper.round(forever), CALM);
		await pass(1.5);
		clock.advance(HOUR / 2);
		database.now += HOUR / 2;
		assert.deepEqual(await sweeper.round(forever), { ...CALM, deleted: 1 });
		await pass(21.5);
		clock.advance(HOUR / 2);
		database.now += HOUR / 2;
		assert.equal((await sweeper.round(forever)).expired, 1);
	});

	it("while no process ran, nothing is deleted after the start either, nor after another start", async (t) => {
		const { database, start } = await openTimed(t);
		assert.deepEqual(await start().sweeper.round(forever), CALM);
		database.now += 48 * HOUR;
		const second = start();
		assert.deepEqual(await second.sweeper.round(forever), CALM);
		await second.pass(1.5);
		const third = start();
		assert.deepEqual(await third.sweeper.round(forever), CALM, "the jump is not forgotten");
		third.clock.advance(HOUR / 2);
		database.now += HOUR / 2;
		assert.deepEqual(await third.sweeper.round(forever), { ...CALM, deleted: 1 });
	});
});

test("the loop goes on after a failure of metadata and ends when told", async () => {
	let rounds = 0;
	const events: RegistryEvent[] = [];
	const { objects, uploads } = harness.metadata;
	const failing = {
		...objectsOf(objects),
		claimCondemned: async () => {
			rounds += 1;
			throw new Error("away");
		},
	};
	const sweeper = new Sweeper(
		{
			objects: failing,
			uploads,
			history: harness.metadata.history,
			stores: harness.stores,
			holder: "s",
			clock: new ManualClock(),
			report: (event) => void events.push(event),
		},
		{ intervalMs: 1 },
	);
	const controller = new AbortController();
	const running = sweeper.run(controller.signal);
	while (rounds < 3) await sleep(1);
	controller.abort();
	await running;
	assert.ok(events.length >= 2);
	assert.equal(events[0]?.event, "sweep.failed");
});

const objectsOf = (objects: RegistryHarness["metadata"]["objects"]) => ({
	intend: objects.intend.bind(objects),
	settle: objects.settle.bind(objects),
	condemn: objects.condemn.bind(objects),
	watchClock: objects.watchClock.bind(objects),
	forget: objects.forget.bind(objects),
	dangling: objects.dangling.bind(objects),
	list: objects.list.bind(objects),
});
