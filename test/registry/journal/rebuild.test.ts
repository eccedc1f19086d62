import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { digestOf } from "#/oci/digest.ts";
import { rebuild } from "#/registry/journal/rebuild.ts";
import { formatSegment } from "#/registry/journal/segment.ts";
import { Snapshotter } from "#/registry/journal/snapshotter.ts";
import { actAsClient } from "../../support/client-acts.ts";
import { contentsOf, journalAll, openJournaler, segmentsIn } from "../../support/journal.ts";
import { assertSame, prune, rebuilt, snapshot, snapshotDeps } from "../../support/rebuilding.ts";
import {
	forever,
	type Instance,
	imageOf,
	openRegistryHarness,
	pullBlob,
	pushBlob,
	pushImage,
	type RegistryHarness,
} from "../../support/registry.ts";
import { pick, type Random, randomBelow, seededRandom } from "../../support/seeded-random.ts";

const ignoreReports = (): void => undefined;

test("metadata comes back from the journal alone", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	const digest = await pushImage(instance, "p/r", "v1", "config", "layer");
	await pushImage(instance, "o/r", "v1", "elsewhere");
	await journalAll(harness);
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
	const { records, lastAt, ...rest } = again.summary;
	assert.deepEqual(rest, { repositories: 2, manifests: 2, blobs: 3, ignored: [], findings: 0 });
	assert.ok(records > 10);
	assert.ok(lastAt !== undefined && Math.abs(Date.now() - lastAt) < 60_000);

	const found = await again.metadata.manifests.find("p/r", { kind: "tag", tag: "v1" }, { payload: true });
	assert.equal(found?.manifest?.digest, digest);
	assert.equal(Buffer.from(found?.manifest?.payload ?? []).toString(), imageOf("config", "layer"));
});

test("a rebuilt registry can be pushed to, journaled and rebuilt again", async () => {
	await using harness = await openRegistryHarness();
	await pushImage(harness.instance(), "p/r", "v1", "config", "layer");
	await journalAll(harness);
	await using again = await rebuilt(harness);
	const removed = await again.metadata.manifests.removeTag("p/r", "v1", undefined, "user:test");
	assert.ok("digest" in removed);
	await journalAll({ metadata: again.metadata, stores: harness.stores });
	await using third = await rebuilt(harness);
	assert.equal((await third.metadata.outbox.lastSegment("default"))?.number, 2);
	assert.deepEqual(await third.metadata.manifests.tags("p/r", { limit: 10 }), []);
	assert.equal(third.summary.findings, 0);
});

test("the newest whole snapshot and the segments after it are enough", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	await pushImage(instance, "p/r", "v1", "config", "layer");
	await journalAll(harness);
	await snapshot(harness);
	await pushImage(instance, "p/r", "v2", "config2");
	await journalAll(harness);
	await snapshot(harness, "other");
	const objects = harness.objects.get("default");
	assert.ok(objects);
	const [first] = segmentsIn(objects);
	assert.ok(first);
	objects.finished.delete(first.key);
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
	assert.deepEqual(again.summary.ignored, []);
});

test("a broken snapshot is passed over, and said so", async () => {
	await using harness = await openRegistryHarness();
	await pushImage(harness.instance(), "p/r", "v1", "config");
	await journalAll(harness);
	const key = await snapshot(harness);
	const objects = harness.objects.get("default");
	const bytes = objects?.finished.get(key)?.bytes;
	assert.ok(objects && bytes);
	const lines = gunzipSync(bytes).toString().split("\n");
	const shortened = gzipSync(lines.toSpliced(3, 1).join("\n"));
	for (const damaged of [bytes.subarray(0, bytes.length - 20), shortened, Buffer.from("not gzip"), Buffer.alloc(0)]) {
		objects.finished.set(key, { bytes: damaged, modifiedAt: 0 });
		await using again = await rebuilt(harness);
		await assertSame(harness, again);
		assert.deepEqual(
			again.summary.ignored.map(({ reason, key: ignored }) => [reason, ignored]),
			[["broken", key]],
		);
	}
});

test("records journaled between a snapshot's instant and its segment are applied twice without harm", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	await journalAll(harness);
	const digest = await pushImage(instance, "p/r", "v1", "config", "layer");
	await instance.registry.manifests.remove("p/r", { kind: "tag", tag: "v1" }, undefined, "user:test", forever);
	await snapshot(harness);
	await instance.registry.manifests.remove("p/r", { kind: "digest", digest }, undefined, "user:test", forever);
	await pushImage(instance, "p/r", "v1", "config");
	await journalAll(harness);
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
});

test("segments that were never sealed are not used, and are known afterwards", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	await pushImage(instance, "p/r", "v1", "config");
	await journalAll(harness);
	await pushImage(instance, "p/r", "v2", "config2");
	const objects = harness.objects.get("default");
	assert.ok(objects);
	// Dies between writing and sealing; its segment has less than the one that is sealed later.
	const died = new Error("died");
	const dying = openJournaler(harness, {
		maxRecords: 2,
		outbox: async (method) => {
			if (method === "seal") throw died;
			return undefined;
		},
	});
	await dying.journaler.round(forever);
	assert.equal(segmentsIn(objects).length, 2);
	await journalAll(harness);
	const segments = segmentsIn(objects);
	assert.deepEqual(
		segments.map(({ header }) => header.number),
		[1, 2, 2],
	);
	for (const goOn of [false, true]) {
		if (goOn) {
			await pushImage(instance, "p/r", "v3", "config3");
			await journalAll(harness);
		}
		await using again = await rebuilt(harness);
		await assertSame(harness, again);
		assert.deepEqual(
			again.summary.ignored.map(({ reason }) => reason),
			["superseded"],
		);
		assert.deepEqual(again.found, []);
	}
});

test("after a missing segment the rest is not applied, and said to be loose", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	for (const tag of ["v1", "v2", "v3"]) {
		await pushImage(instance, "p/r", tag, tag);
		await journalAll(harness);
	}
	const objects = harness.objects.get("default");
	const [, second, third] = segmentsIn(objects ?? assert.fail());
	objects?.finished.delete(second?.key ?? "");
	await using again = await rebuilt(harness);
	assert.deepEqual(await again.metadata.manifests.tags("p/r", { limit: 9 }), ["v1"]);
	assert.deepEqual(again.summary.ignored, [{ store: "default", key: third?.key, reason: "loose" }]);
	// The bytes of what was lost are now unknown, and said to be.
	assert.deepEqual(new Set(again.found.map(({ kind }) => kind)), new Set(["unknown"]));
	assert.equal(again.summary.findings, 2);
});

test("after a segment that lost a record, nothing is taken that was sealed behind it", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	for (const tag of ["v1", "v2"]) {
		await pushImage(instance, "p/r", tag, tag);
		await journalAll(harness);
	}
	const objects = harness.objects.get("default");
	const [first, second] = segmentsIn(objects ?? assert.fail());
	assert.ok(first && second);
	const { format: _, ...header } = first.header;
	const rows = first.records.slice(0, -1).map((record, seq) => ({ ...record, seq }));
	objects?.finished.set(first.key, { bytes: formatSegment(header, rows), modifiedAt: 0 });
	await using again = await rebuilt(harness);
	assert.deepEqual(again.summary.ignored, [{ store: "default", key: second.key, reason: "loose" }]);
	const others = segmentsIn(harness.objects.get("other") ?? assert.fail()).flatMap(({ records }) => records);
	assert.equal(again.summary.records, rows.length + others.length);
});

test("missing objects are found", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	await pushImage(instance, "p/r", "v1", "config", "layer");
	const { key } = await instance.registry.blobs.stat("p/r", digestOf(Buffer.from("layer")), forever);
	await journalAll(harness);
	harness.objects.get("default")?.finished.delete(key);
	await using again = await rebuilt(harness);
	assert.deepEqual(
		again.found.map(({ kind, key: missing }) => [kind, missing]),
		[["missing", key]],
	);
});

test("a database that holds something is never overwritten, and stores without a journal are refused", async () => {
	await using harness = await openRegistryHarness();
	const deps = { metadata: harness.metadata, stores: harness.stores, holder: "r", found: ignoreReports };
	await assert.rejects(rebuild(deps, forever), { code: "NOT_EMPTY" });
	await assert.rejects(rebuilt(harness), { code: "NOTHING" });
});

test("a snapshot is written when the journal has become long, by one replica, and counts as the start", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	const open = (holder: string): Snapshotter =>
		new Snapshotter({ ...snapshotDeps(harness), holder, stores: harness.stores }, { everySegments: 3 });
	const [one, two] = [open("one"), open("two")];
	const keys: string[] = [];
	for (let i = 1; i <= 7; i++) {
		await pushBlob(instance, "p/r", `${i}`);
		await journalAll(harness);
		keys.push(...(await one.round(forever)), ...(await two.round(forever)));
	}
	assert.deepEqual(
		keys.map((key) => key.slice(0, -27)),
		["snapshot/000000000003", "snapshot/000000000006"],
	);
	await harness.assertSound();
	await using again = await rebuilt(harness);
	await assertSame(harness, again);
});

/** Something that a client, or the housekeeping, may do. */
const act = async (harness: RegistryHarness, instance: Instance, random: Random): Promise<void> => {
	if (randomBelow(random, 4) > 0) return actAsClient(instance, random);
	const doing: readonly [() => Promise<unknown>, ...(() => Promise<unknown>)[]] = [
		() => openJournaler(harness, { maxRecords: 1 + randomBelow(random, 20) }).journaler.round(forever),
		() => snapshot(harness, pick(random, ["default", "other"])),
		() => prune(harness, { batch: 1 + randomBelow(random, 4) }),
	];
	await pick(random, doing)();
};

const SEED = Number(process.env.SEED ?? 20_261_122);
const HISTORIES = Number(process.env.HISTORIES ?? 5);

for (let seed = SEED; seed < SEED + HISTORIES; seed++) {
	test(`any history comes back from the stores (SEED=${seed})`, async () => {
		await using harness = await openRegistryHarness();
		const random = seededRandom(seed);
		const instance = harness.instance();
		for (let i = 0; i < 80; i++) await act(harness, instance, random);
		await journalAll(harness);
		await harness.drain();
		await using again = await rebuilt(harness);
		await assertSame(harness, again);
		assert.deepEqual(
			again.summary.ignored.filter(({ reason }) => reason !== "superseded"),
			[],
		);
		// Uploads on their way are no part of the journal; everything else is known, and whole.
		for (const { kind, key } of again.found) {
			assert.equal(kind, "unknown");
			assert.ok(harness.objects.get("default")?.staged.has(key) || harness.objects.get("other")?.staged.has(key), key);
		}
		const reader = { registry: { ...instance.registry } };
		for (const line of await contentsOf(again.metadata, "default")) {
			const { kind, body } = /^(?<kind>\S+) \d+ (?<body>.*)$/s.exec(line)?.groups ?? {};
			if (kind !== "blob-linked") continue;
			const { repository, digest } = JSON.parse(body ?? "");
			assert.equal(digestOf(await pullBlob(reader, repository, digest)), digest);
		}
	});
}
