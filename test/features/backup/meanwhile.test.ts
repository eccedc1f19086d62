// What clients do while a backup is made.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Archive } from "#/features/backup/archive.ts";
import { lastMark } from "#/features/backup/last-mark.ts";
import { listBackups } from "#/features/backup/list-backups.ts";
import {
	assertWhole,
	backupsOf,
	collect,
	holdings,
	instant,
	keysOf,
	type MemoryArchive,
	memoryArchive,
	openQuickHarness,
	restored,
} from "../../support/backup-bench.ts";
import { eventually } from "../../support/eventually.ts";
import { hookedStore } from "../../support/hooked.ts";
import { journalAll } from "../../support/journal.ts";
import { forever, openRegistryHarness, pushImage, type RegistryHarness } from "../../support/registry.ts";

test("a backup is of one instant though clients push, delete and collect while it is made", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	for (let i = 0; i < 4; i++) await pushImage(instance, "p/r", `v${i}`, `config ${i}`, `layer ${i}`);
	const place = memoryArchive();
	let turn = 0;
	let collected = 0;
	let acting: Promise<unknown> = Promise.resolve();
	const act = async (): Promise<void> => {
		const n = turn++;
		if (n > 12) return;
		await pushImage(instance, "p/r", `new${n}`, `new config ${n}`, `new layer ${n}`);
		const reference = { kind: "tag", tag: `v${n % 8}` } as const;
		await instance.registry.manifests.remove("p/r", reference, undefined, "user:test", forever).catch(() => undefined);
		collected += await collect(harness);
	};
	const busy = hookedStore(place.store, async (method) => {
		if (method !== "write") return undefined;
		acting = acting.then(act);
		await acting;
		return undefined;
	});
	const { manifest } = await backupsOf(harness, new Archive({ store: busy })).backUp(forever);
	assert.ok(turn > 10, `${turn} writes`);
	assert.equal(collected, 0, "a blob was collected although a backup was being made");
	await using again = await restored(place.archive, { backup: manifest.id });
	await assertWhole(again);
	const tags = Object.values(await holdings(again))
		.flat()
		.filter((line) => line.startsWith("tag-moved"));
	for (const line of tags) assert.ok(Number(line.split(" ")[1]) <= manifest.at, line);
	await backupsOf(harness, place.archive).ship(forever);
	await journalAll(harness);
	await backupsOf(harness, place.archive).ship(forever);
	await using latest = await restored(place.archive);
	assert.deepEqual(await holdings(latest), await holdings(harness));
	await assertWhole(latest);
	await harness.drain();
});

/** An archive: at some calls of a method for a blob something is pushed, and at one, when that was shipped, the process dies. */
const pushedMeanwhile = (
	harness: RegistryHarness,
	{ store }: MemoryArchive,
	{ at, diesAt }: { readonly at: string; readonly diesAt?: number },
) => {
	const pushed: string[] = [];
	let pushedAt = 0;
	let calls = 0;
	let acting = Promise.resolve();
	const push = async (): Promise<void> => {
		const tag = `during-${pushed.length}`;
		await pushImage(harness.instance(), "p/r", tag, `config ${tag}`, `layer ${tag}`);
		await journalAll(harness);
		pushed.push(tag);
		pushedAt = Date.now();
	};
	const died = async (): Promise<never> => {
		await eventually(async () => {
			const until = (await lastMark(new Archive({ store }), forever))?.until ?? 0;
			assert.ok(until >= pushedAt, "what was pushed is not shipped while the backup is made");
		});
		throw new Error("the process died");
	};
	const hook = async (method: string, [key]: readonly unknown[]) => {
		if (method !== at || !String(key).includes("/blobs/")) return undefined;
		calls += 1;
		if (calls === diesAt) await died();
		if (calls <= 6) acting = acting.then(push);
		await acting;
		return undefined;
	};
	return { archive: new Archive({ store: hookedStore(store, hook) }), pushed };
};

test("what is pushed while a backup is made goes into the archive meanwhile, and is had again though the backup dies", async () => {
	await using harness = await openQuickHarness();
	const place = memoryArchive();
	for (let i = 0; i < 12; i++) await pushImage(harness.instance(), "p/r", `v${i}`, `config ${i}`, `layer ${i}`);
	await backupsOf(harness, place.archive).backUp(forever);
	const before = await instant();
	const { archive, pushed } = pushedMeanwhile(harness, place, { at: "open", diesAt: 20 });
	await assert.rejects(backupsOf(harness, archive, { intervalMs: 0 }).backUp(forever), /the process died/);
	assert.equal((await listBackups(place.archive, forever)).length, 1);
	assert.equal(pushed.length, 6);
	await using again = await restored(place.archive);
	assert.ok(again.summary.point > before);
	assert.deepEqual(await holdings(again), await holdings(harness));
	await assertWhole(again);
	await harness.drain();
});

test("a blob that the journal brings while a backup is made is in the archive once", async () => {
	await using harness = await openQuickHarness();
	const place = memoryArchive();
	await backupsOf(harness, place.archive).backUp(forever);
	for (let i = 0; i < 12; i++) await pushImage(harness.instance(), "p/r", `v${i}`, `config ${i}`, `layer ${i}`);
	await journalAll(harness);
	const { archive, pushed } = pushedMeanwhile(harness, place, { at: "write" });
	const { manifest } = await backupsOf(harness, archive, { intervalMs: 0 }).backUp(forever);
	assert.equal(pushed.length, 6);
	const keys = keysOf(place, "/blobs/");
	assert.equal(new Set(keys.map((key) => key.slice(0, key.lastIndexOf(".")))).size, keys.length);
	assert.equal(manifest.copied.blobs, keys.length);
	await using again = await restored(place.archive);
	assert.deepEqual(await holdings(again), await holdings(harness));
	await harness.drain();
});

test("a blob that is lost while another store's snapshot is written leaves no backup, and is not passed over for good", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	await pushImage(harness.instance(), "o/r", "v", "config", "layer");
	const place = memoryArchive();
	await backupsOf(harness, place.archive).backUp(forever);
	const held = harness.objects.get("default") ?? assert.fail();
	let isLost = false;
	const hook = async (method: string, [key]: readonly unknown[]) => {
		if (isLost || method !== "write" || !String(key).startsWith("stores/other/snapshots")) return undefined;
		isLost = true;
		const before = new Set(held.finished.keys());
		await pushImage(harness.instance(), "p/r", "w", "another config", "another layer");
		await journalAll(harness);
		for (const key of [...held.finished.keys()]) {
			if (!before.has(key) && !key.startsWith("journal/")) held.finished.delete(key);
		}
		// Rounds go on in between: the one that meets the loss ends the backup.
		await sleep(50);
		return undefined;
	};
	const archive = new Archive({ store: hookedStore(place.store, hook) });
	await assert.rejects(backupsOf(harness, archive, { intervalMs: 1 }).backUp(forever), { code: "INCOMPLETE" });
	await assert.rejects(backupsOf(harness, place.archive).backUp(forever), { code: "INCOMPLETE" });
	assert.equal((await listBackups(place.archive, forever)).length, 1);
});

test("a backup takes as long as its work, though looking for what is to be shipped takes longer than an interval", async () => {
	await using harness = await openQuickHarness();
	for (let i = 0; i < 12; i++) await pushImage(harness.instance(), "p/r", `v${i}`, `config ${i}`, `layer ${i}`);
	const place = memoryArchive();
	await backupsOf(harness, place.archive).backUp(forever);
	let looks = 0;
	const slow = hookedStore(place.store, async (method, [prefix]) => {
		if (method !== "list" || !String(prefix).startsWith("marks/")) return undefined;
		looks += 1;
		await sleep(100);
		return undefined;
	});
	await backupsOf(harness, new Archive({ store: slow }), { intervalMs: 1 }).backUp(forever);
	assert.ok(looks < 30, `${looks} looks for 24 blobs that the archive has`);
	await harness.drain();
});

test("a backup that comes to its end when the archive is another's already takes back what it named", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const other = backupsOf(harness, place.archive, { holder: "other", windowMs: 0, leaseMs: 60_000 });
	const hook = async (method: string, [key]: readonly unknown[]) => {
		if (method !== "write" || !String(key).startsWith("backups/")) return undefined;
		// The process stands still for longer than its lease, and the next one makes a backup and clears away.
		const { metadata } = harness;
		assert.notEqual(await metadata.outbox.lease("pin:backup", "backup", 1), undefined);
		await sleep(20);
		await other.backUp(forever);
		return undefined;
	};
	const archive = new Archive({ store: hookedStore(place.store, hook) });
	await assert.rejects(backupsOf(harness, archive).backUp(forever), { code: "LOST" });
	const [only, ...more] = await listBackups(place.archive, forever);
	assert.equal(more.length, 0);
	await using again = await restored(place.archive, { backup: only?.id });
	assert.deepEqual(await holdings(again), await holdings(harness));
	await harness.drain();
});
