import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Archive } from "#/features/backup/archive.ts";
import { BACKUPS_PREFIX } from "#/features/backup/archive-keys.ts";
import type { BackupErrorCode } from "#/features/backup/backup-error.ts";
import { claimArchive, isOwnArchive } from "#/features/backup/identity.ts";
import { listBackups } from "#/features/backup/list-backups.ts";
import {
	assertWhole,
	backupsOf,
	collect,
	emptyTarget,
	holdings,
	instant,
	keysOf,
	memoryArchive,
	openQuickHarness,
	restored,
} from "../../support/backup-bench.ts";
import { eventually } from "../../support/eventually.ts";
import { hookedStore } from "../../support/hooked.ts";
import { journalAll } from "../../support/journal.ts";
import {
	forever,
	openRegistryHarness,
	pullBlob,
	pushBlob,
	pushImage,
	type RegistryHarness,
} from "../../support/registry.ts";

const failsWith = (code: BackupErrorCode, message: RegExp = /./) => ({ name: "BackupError", code, message });

test("what was backed up is restored as it was, of every store, and a later backup copies what is new alone", async () => {
	await using harness = await openQuickHarness();
	const instance = harness.instance();
	await pushImage(instance, "p/r", "one", "config one", "layer one");
	await pushImage(instance, "o/r", "two", "config two", "layer two");
	const place = memoryArchive();
	const first = await backupsOf(harness, place.archive).backUp(forever);
	assert.deepEqual(first.manifest.copied, { blobs: 4, bytes: 38 });
	assert.equal(first.manifest.verified, 4);
	await pushImage(instance, "p/r", "three", "config one", "layer three");
	const { manifest } = await backupsOf(harness, place.archive).backUp(forever);
	assert.deepEqual(manifest.copied, { blobs: 1, bytes: 11 });
	await using again = await restored(place.archive);
	assert.deepEqual(await holdings(again), await holdings(harness));
	assert.deepEqual(again.summary.blobs, 5);
	await assertWhole(again);
	const other = await openRegistryHarnessOver(again);
	assert.equal((await pullBlob(other, "p/r", await pushBlob(other, "p/r", "new"))).toString(), "new");
	await harness.drain();
});

/** A restored registry takes pushes like any other. */
const openRegistryHarnessOver = async ({ metadata, stores }: Pick<RegistryHarness, "metadata" | "stores">) => {
	const harness = await openRegistryHarness({ metadata: Object.create(metadata), stores });
	return harness.instance({ metadata });
};

test("any instant since the first backup can be had, as far as the journal was shipped", async () => {
	await using harness = await openQuickHarness();
	const instance = harness.instance();
	const place = memoryArchive();
	const before = await instant();
	const states: { readonly at: number; readonly held: unknown }[] = [];
	await pushImage(instance, "p/r", "v", "config 0", "layer 0");
	await backupsOf(harness, place.archive).backUp(forever);
	for (let i = 1; i < 4; i++) {
		await pushImage(instance, "p/r", "v", `config ${i}`, `layer ${i}`);
		await pushImage(instance, "o/r", `v${i}`, `config ${i}`, `layer ${i}`);
		await journalAll(harness);
		if (i === 2) await backupsOf(harness, place.archive).backUp(forever);
		states.push({ at: await instant(), held: await holdings(harness) });
	}
	assert.ok((await backupsOf(harness, place.archive).ship(forever)) > 0);
	assert.equal(await backupsOf(harness, place.archive).ship(forever), 0, "everything was shipped already");
	for (const { at, held } of states.slice(0, -1)) {
		await using again = await restored(place.archive, { to: at });
		assert.deepEqual(await holdings(again), held, new Date(at).toISOString());
		await assertWhole(again);
	}
	await assert.rejects(restored(place.archive, { to: before }), failsWith("NO_POINT", /first instant that can be had/));
	await assert.rejects(restored(place.archive, { to: Date.now() + 60_000 }), failsWith("NO_POINT", /reaches to/));
	await assert.rejects(restored(place.archive, { backup: "none" }), failsWith("ABSENT"));
	await harness.drain();
});

test("a backup whose manifest is broken keeps nobody from what is told by an earlier one and the journal", async () => {
	await using harness = await openQuickHarness();
	const instance = harness.instance();
	const place = memoryArchive();
	await pushImage(instance, "p/r", "v", "config 0", "layer 0");
	const { manifest: first } = await backupsOf(harness, place.archive).backUp(forever);
	await pushImage(instance, "p/r", "v", "config 1", "layer 1");
	const { manifest: last } = await backupsOf(harness, place.archive).backUp(forever);
	const held = await holdings(harness);
	await spoil(place.archive, `${BACKUPS_PREFIX}${last.id}`);
	for (const target of [{}, { to: last.at }]) {
		await using again = await restored(place.archive, target);
		assert.deepEqual(await holdings(again), held);
		await assertWhole(again);
	}
	await assert.rejects(restored(place.archive, { to: first.at - 1 }), failsWith("CORRUPT", new RegExp(last.id)));
	await assert.rejects(
		restored(place.archive, { backup: "none" }),
		failsWith("ABSENT", new RegExp(`newest is ${last.id}`)),
	);
	const told: string[] = [];
	const listed = await listBackups(place.archive, forever, ({ message }) => told.push(message));
	assert.deepEqual([listed.map(({ id }) => id), told.length], [[first.id], 1]);
	await spoil(place.archive, `${BACKUPS_PREFIX}${first.id}`);
	await assert.rejects(restored(place.archive), failsWith("CORRUPT"));
	await harness.drain();
});

const spoil = async (archive: Archive, key: string): Promise<void> => {
	await archive.delete(key, forever);
	await archive.writePlain(key, Buffer.from("{}"), forever);
};

test("that an archive is another registry's is told before anything of its key", async () => {
	const { store } = memoryArchive();
	const sealer = { seal: (plain: Uint8Array) => plain, open: (sealed: Uint8Array) => sealed };
	await claimArchive(new Archive({ store, sealer }), "theirs", forever);
	await assert.rejects(isOwnArchive(new Archive({ store }), "ours", forever), failsWith("OTHER"));
	await assert.rejects(isOwnArchive(new Archive({ store }), "theirs", forever), failsWith("SEALED", /no key is given/));
	assert.equal(await isOwnArchive(new Archive({ store, sealer }), "theirs", forever), true);
});

test("whatever write of a backup fails, there is no backup, and the next one is whole", async () => {
	await using harness = await openQuickHarness();
	const instance = harness.instance();
	await pushImage(instance, "p/r", "v", "config", "layer");
	await pushImage(instance, "o/r", "v", "config", "layer");
	let failures = 0;
	for (let wanted = 0; ; wanted++) {
		const place = memoryArchive();
		let commits = 0;
		const dying = hookedStore(place.store, async (method) => {
			if (method === "writer.commit" && commits++ === wanted) throw new Error("the process died");
			return undefined;
		});
		const outcome = await backupsOf(harness, new Archive({ store: dying }))
			.backUp(forever)
			.catch(String);
		if (typeof outcome !== "string") break;
		failures += 1;
		assert.match(outcome, /the process died/);
		assert.deepEqual(await listBackups(place.archive, forever), []);
		await assert.rejects(restored(place.archive), { name: "BackupError" });
		await backupsOf(harness, place.archive).backUp(forever);
		await using again = await restored(place.archive);
		assert.deepEqual(await holdings(again), await holdings(harness));
		assert.equal(place.objects.staged.size, 0, "something that was begun is left");
	}
	assert.ok(failures >= 10, `${failures} writes failed`);
	await harness.drain();
});

test("a backup that the archive keeps with another byte is none: it is read back before it counts", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const spoiling = hookedStore(place.store, async (method) => {
		if (method !== "writer.commit") return undefined;
		return () => {
			for (const [key, object] of place.objects.finished) {
				if (!key.includes("/blobs/")) continue;
				place.objects.finished.set(key, { ...object, bytes: object.bytes.with(0, (object.bytes[0] ?? 0) ^ 1) });
			}
		};
	});
	const archive = new Archive({ store: spoiling });
	await assert.rejects(backupsOf(harness, archive).backUp(forever), failsWith("CORRUPT"));
	assert.deepEqual(await listBackups(place.archive, forever), []);
	await harness.drain();
});

for (const key of [undefined, new Uint8Array(32).fill(7)]) {
	const kind = key === undefined ? "an open" : "a sealed";
	test(`${kind} archive of which any object was changed, cut short or lost is refused`, async () => {
		await using harness = await openQuickHarness();
		const instance = harness.instance();
		await pushImage(instance, "p/r", "v", "config", "layer");
		const place = memoryArchive(undefined, key);
		await backupsOf(harness, place.archive).backUp(forever);
		await pushImage(instance, "p/r", "w", "config 2", "layer 2");
		// Whoever writes the journal may have its lease for a moment more.
		const shipped = place.objects.finished.size;
		await eventually(async () => {
			await journalAll(harness);
			await backupsOf(harness, place.archive).ship(forever);
			assert.ok(place.objects.finished.size > shipped + 2, "the second image is not in the archive yet");
		});
		const whole = new Map(place.objects.finished);
		const hurt: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array | undefined])[] = [
			["changed", (bytes) => bytes.with(bytes.length >> 1, (bytes[bytes.length >> 1] ?? 0) ^ 1)],
			["cut short", (bytes) => bytes.slice(0, -1)],
			["lost", () => undefined],
		];
		await using target = await emptyTarget(place.archive);
		for (const [name, object] of whole) {
			for (const [how, harm] of hurt) {
				place.objects.finished.clear();
				for (const [other, same] of whole) place.objects.finished.set(other, same);
				const bytes = harm(object.bytes);
				if (bytes === undefined) place.objects.finished.delete(name);
				else place.objects.finished.set(name, { ...object, bytes });
				// What is wrong with the bytes of a blob is seen when it is copied.
				const isLate = name.includes("/blobs/") && how !== "lost";
				await using fresh = isLate ? await emptyTarget(place.archive) : undefined;
				const { restore, metadata } = fresh ?? target;
				await assert.rejects(restore(), { name: "BackupError" }, `${name} was ${how}`);
				const isUntouched = (await metadata.origins.restoration()) === undefined;
				assert.equal(isUntouched, !isLate, `${name} was ${how}`);
			}
		}
		place.objects.finished.clear();
		for (const [other, same] of whole) place.objects.finished.set(other, same);
		await target.restore();
		assert.deepEqual(await holdings(target), await holdings(harness), "gone on with when the archive was mended");
		await harness.drain();
	});
}

test("a sealed archive tells nothing of its content, and opens with its key alone", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/secret-plans", "v", "config", "layer");
	const key = new Uint8Array(32).fill(1);
	const place = memoryArchive(undefined, key);
	await backupsOf(harness, place.archive).backUp(forever);
	for (const [name, { bytes }] of place.objects.finished) {
		assert.doesNotMatch(Buffer.from(bytes).toString("latin1"), /secret-plans|layer|config/, name);
	}
	for (const other of [undefined, new Uint8Array(32).fill(2)]) {
		const { archive } = memoryArchive(place.objects, other);
		await assert.rejects(restored(archive), failsWith("SEALED"));
		await assert.rejects(backupsOf(harness, archive).backUp(forever), failsWith("SEALED"));
	}
	await using again = await restored(place.archive);
	assert.deepEqual(await holdings(again), await holdings(harness));
	await harness.drain();
});

test("what no instant of the window needs goes: backups, journal, and in two steps blobs", async () => {
	await using harness = await openQuickHarness();
	const instance = harness.instance();
	const place = memoryArchive();
	const digest = await pushBlob(instance, "p/r", "soon gone");
	await pushImage(instance, "p/r", "v", "config", "layer");
	const opts = { windowMs: 0 };
	await backupsOf(harness, place.archive, opts).backUp(forever);
	assert.equal(keysOf(place, "/blobs/").length, 3);
	assert.equal(await collect(harness), 1);
	await instant();
	const second = await backupsOf(harness, place.archive, opts).backUp(forever);
	assert.deepEqual(second.retained, { backups: 1, segments: second.retained?.segments, condemned: 1, blobs: 0 });
	assert.ok((second.retained?.segments ?? 0) > 0);
	assert.equal(keysOf(place, "/blobs/").length, 3, "it is condemned only");
	assert.equal(await pushBlob(instance, "p/r", "soon gone"), digest);
	await instant();
	const third = await backupsOf(harness, place.archive, opts).backUp(forever);
	assert.deepEqual(third.manifest.copied, { blobs: 1, bytes: 9 }, "what is condemned is not counted on");
	assert.equal(third.retained?.blobs, 1);
	assert.equal(keysOf(place, "/blobs/").length, 3);
	assert.equal(keysOf(place, "backups/").length, 1);
	await using again = await restored(place.archive);
	assert.deepEqual(await holdings(again), await holdings(harness));
	await assertWhole(again);
	await harness.drain();
});

test("a restore refuses what is not empty, goes on with itself where it was cut short, and is done once", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const { manifest } = await backupsOf(harness, place.archive).backUp(forever);
	await using full = await emptyTarget(place.archive);
	const writer = await (full.stores.get("default") ?? assert.fail()).write("aa/other", {}, forever);
	await writer.append(Uint8Array.of(1));
	await writer.commit(forever);
	await assert.rejects(full.restore(), failsWith("NOT_EMPTY", /aa\/other/));
	await using held = await openQuickHarness();
	const place2 = await emptyTarget(place.archive);
	await using _ = place2;
	const { epoch, base } = await place2.metadata.controlState.begin("somebody");
	const spec = { name: "p" };
	const upserts = [{ kind: "Project", uid: "u", generation: 1, spec }] as const;
	await place2.metadata.controlState.apply({ epoch, base, upserts, deletes: [] });
	await assert.rejects(place2.restore(), failsWith("NOT_EMPTY"));

	let reads = 0;
	const store = hookedStore(place.store, async (method, [key]) => {
		if (method === "open" && String(key).includes("/blobs/") && ++reads === 2) throw new Error("the process died");
		return undefined;
	});
	const dying = new Archive({ store });
	await using target = await emptyTarget(dying);
	await assert.rejects(target.restore(), /the process died/);
	assert.equal((await target.metadata.origins.restoration())?.endedAt, undefined);
	await assert.rejects(target.restore({ to: manifest.at }), failsWith("NOT_EMPTY"));
	assert.equal((await target.restore()).wasDone, false);
	assert.deepEqual(await holdings(target), await holdings(harness));
	assert.equal((await target.restore()).wasDone, true);
	await held.drain();
	await harness.drain();
});

test("a restore of the last change goes on where it was cut short, though the archive has later backups by then", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const first = (await backupsOf(harness, place.archive).backUp(forever)).manifest;
	let reads = 0;
	const store = hookedStore(place.store, async (method, [key]) => {
		if (method === "open" && String(key).includes("/blobs/") && ++reads === 2) throw new Error("the process died");
		return undefined;
	});
	await using target = await emptyTarget(new Archive({ store }));
	await assert.rejects(target.restore(), /the process died/);
	await pushImage(harness.instance(), "p/r", "w", "config", "another layer");
	const second = (await backupsOf(harness, place.archive).backUp(forever)).manifest;
	await assert.rejects(target.restore({ backup: second.id }), failsWith("NOT_EMPTY"));
	const { backup, wasDone } = await target.restore();
	assert.deepEqual([backup, wasDone], [first.id, false]);
	assert.deepEqual(await holdings(target), await holdings(harness), "what came later is there too");
	await assertWhole(target);
	await harness.drain();
});

test("a backup that fails is counted, wherever it does", async () => {
	await using harness = await openQuickHarness();
	const counted: boolean[] = [];
	const meter = { ended: (isWhole: boolean) => void counted.push(isWhole), shipped: () => undefined };
	for (const failing of ["identity/", "stores/", "backups/"]) {
		const store = hookedStore(memoryArchive().store, async (method, [key]) => {
			if (method === "write" && String(key).startsWith(failing)) throw new Error("no room");
			return undefined;
		});
		await assert.rejects(backupsOf(harness, new Archive({ store }), { meter }).backUp(forever), /no room/);
	}
	await backupsOf(harness, memoryArchive().archive, { meter }).backUp(forever);
	assert.deepEqual(counted, [false, false, false, true]);
	await harness.drain();
});

test("one backup is made at a time, and an archive is one registry's", async () => {
	await using harness = await openQuickHarness();
	await using stranger = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const { promise, resolve } = Promise.withResolvers<void>();
	const slow = hookedStore(place.store, async (method) => {
		if (method === "write") await promise;
		return undefined;
	});
	const first = backupsOf(harness, new Archive({ store: slow }), { holder: "one" }).backUp(forever);
	while ((await harness.metadata.outbox.lease("pin:backup", "probe", 0)) !== undefined) await sleep(5);
	const second = backupsOf(harness, place.archive, { holder: "two", leaseMs: 400 });
	assert.equal(await second.ship(forever), 0);
	await assert.rejects(second.backUp(forever), failsWith("BUSY"));
	resolve();
	await first;
	await assert.rejects(backupsOf(stranger, place.archive).backUp(forever), failsWith("OTHER"));
	await harness.drain();
});
