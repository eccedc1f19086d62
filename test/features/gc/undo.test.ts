// What can be restored, and what is pushed again, while the collector is at work.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Collector } from "#/features/gc/index.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { isRefused } from "#/metadata/refusal.ts";
import type { Digest } from "#/oci/digest.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { actor, Bench, digestOf, done, project } from "../../conformance/metadata/bench.ts";
import { hookedStore } from "../../support/hooked.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { forever, openRegistryHarness, pullBlob, pushBlob } from "../../support/registry.ts";
import { openInspectedMetadata } from "../../support/sqlite-metadata.ts";

const HOUR = 3_600_000;
const DELAY_MS = 24 * HOUR;

/** A repository with one deleted manifest, its project's window, and a collector that looks every half hour. */
const openDeleted = async (t: TestContext, windowMs: number, replaced: (metadata: Metadata) => Partial<Metadata>) => {
	const on = await openInspectedMetadata();
	t.after(() => on[Symbol.asyncDispose]());
	const bench = new Bench(on.metadata);
	await bench.apply([project("a", { undoWindow: windowMs })]);
	const clock = new ManualClock();
	const report = ({ event }: { readonly event: string }): void => assert.fail(event);
	const meter = { collected: () => undefined, planned: () => undefined };
	const collector = new Collector({ ...on.metadata, ...replaced(on.metadata), holder: "gc", clock, report, meter });
	await bench.push("a/x", "content");
	const digest = await bench.put("a/x", { blobs: ["content"], tags: ["v"] });
	await done(bench.metadata.manifests.remove("a/x", digest, actor));
	const tick = async (ms: number): Promise<void> => {
		clock.advance(ms);
		on.clock.now += ms;
		await collector.round(forever);
	};
	const pass = async (ms: number): Promise<void> => {
		for (let rest = ms; rest > 0; rest -= HOUR / 2) await tick(Math.min(rest, HOUR / 2));
	};
	const restore = async (): Promise<string> => {
		const outcome = await bench.metadata.history.restoreManifest({ repository: "a/x", digest, actor });
		return isRefused(outcome) ? outcome.refused.reason : "restored";
	};
	const isLinked = async () => (await bench.metadata.blobs.find("a/x", digestOf("content")))?.blob !== undefined;
	/** States of the objects there are. */
	const states = async () => (await bench.metadata.objects.list("default", { limit: 9 })).map(({ state }) => state);
	return { bench, clock: on.clock, digest, tick, pass, restore, isLinked, states };
};

const asItIs = (): Partial<Metadata> => ({});

test("a manifest is restored in the last millisecond of its window, long after the collector took its link", async (t) => {
	const { bench, pass, restore, isLinked, states } = await openDeleted(t, 3 * DELAY_MS, asItIs);
	await pass(3 * DELAY_MS - 1);
	assert.deepEqual([await isLinked(), await states()], [false, ["live"]], "the link went, the bytes are held");
	assert.equal(await restore(), "restored");
	assert.ok(await isLinked());
	await pass(2 * DELAY_MS);
	assert.deepEqual([await isLinked(), await states()], [true, ["live"]]);
	assert.ok(await bench.tag("a/x", "v"));
	await bench.checkUsage();
});

test("a millisecond later nothing restores it, and the bytes go a delay after that was settled", async (t) => {
	const { bench, pass, restore, states } = await openDeleted(t, 3 * DELAY_MS, asItIs);
	await pass(3 * DELAY_MS);
	assert.equal(await restore(), "manifest-unknown", "whether or not anybody has ended the window yet");
	await pass(DELAY_MS);
	assert.deepEqual(await states(), ["live"], "what was not settled is still held");
	assert.equal((await bench.metadata.history.expire(9)).manifests, 1);
	await pass(DELAY_MS - 1);
	assert.deepEqual(await states(), ["live"]);
	await pass(HOUR / 2);
	assert.deepEqual(await states(), ["deleting"]);
	assert.equal(await restore(), "manifest-unknown");
	await bench.checkUsage();
});

test("a window that is shorter than the delay leaves the blob to whoever pushes the manifest again", async (t) => {
	const { bench, digest, pass, restore, isLinked } = await openDeleted(t, HOUR, asItIs);
	await pass(2 * HOUR);
	assert.equal((await bench.metadata.history.expire(9)).manifests, 1);
	assert.equal(await restore(), "manifest-unknown");
	assert.ok(await isLinked());
	assert.equal(await bench.put("a/x", { blobs: ["content"] }), digest);
	await pass(2 * DELAY_MS);
	assert.ok(await isLinked());
});

for (const between of ["collectLinks", "collectBlobs"] as const) {
	test(`a manifest that is restored right before ${between} keeps its blob`, async (t) => {
		const acts: (() => Promise<unknown>)[] = [];
		const at = await openDeleted(t, 2 * DELAY_MS, ({ collection }) => ({
			collection: {
				...collection,
				[between]: async (step: Parameters<typeof collection.collectLinks>[0]) => {
					await acts.pop()?.();
					return collection[between](step);
				},
			},
		}));
		await at.pass(DELAY_MS - 1);
		acts.push(async () => assert.equal(await at.restore(), "restored"));
		await at.tick(2);
		assert.deepEqual(acts, [], "it happened in the round that was to take the link");
		await at.pass(2 * DELAY_MS);
		assert.deepEqual([await at.isLinked(), await at.states()], [true, ["live"]]);
		await at.bench.checkUsage();
	});
}

/** One blob that another process pushes again, at an instant of its collection. */
const pushAgain = async (when: "before it is condemned" | "while its bytes are deleted" | "after its row went") => {
	await using harness = await openRegistryHarness();
	const { collection, history, objects, uploads } = harness.metadata;
	const [one, other] = [harness.instance(), harness.instance()];
	const digest: Digest = await pushBlob(one, "p/x", "content");
	const again = async (): Promise<void> => assert.equal(await pushBlob(other, "p/y", "content"), digest);
	const step = { touchedBefore: Date.now() + HOUR, limit: 9 };
	assert.equal((await collection.collectLinks(step)).collected, 1);
	if (when === "before it is condemned") await again();
	await collection.collectBlobs(step);
	const pending = when === "while its bytes are deleted" ? [again] : [];
	const stores = new Map(
		[...harness.stores].map(([name, store]) => [
			name,
			hookedStore(store, async (method) => {
				if (method === "delete") await pending.pop()?.();
				return undefined;
			}),
		]),
	);
	const report = ({ event }: { readonly event: string }): void => assert.fail(event);
	const sweeper = new Sweeper({ objects, uploads, history, stores, holder: "s", clock: systemClock, report });
	const { deleted } = await sweeper.round(forever);
	assert.equal(deleted, when === "before it is condemned" ? 0 : 1);
	assert.equal(pending.length, 0);
	if (when === "after its row went") await again();
	assert.equal((await pullBlob(other, "p/y", digest)).toString(), "content");
	await assert.rejects(one.registry.blobs.stat("p/x", digest, forever), /no such repository/);
	await harness.assertSound();
	for (const { project: name, usage } of await harness.metadata.usages.recount()) {
		assert.deepEqual(await harness.metadata.usages.find(name), usage);
	}
};

for (const when of ["before it is condemned", "while its bytes are deleted", "after its row went"] as const) {
	test(`a blob that another process pushes again ${when} is there, whole`, () => pushAgain(when));
}
