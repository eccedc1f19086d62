import assert from "node:assert/strict";
import { test } from "node:test";
import { Archive } from "#/features/backup/archive.ts";
import { ArchiveStandings, type ArchiveStandingsOpts } from "#/features/backup/archive-standings.ts";
import { StoreError } from "#/storage/store-error.ts";
import { backupsOf, memoryArchive, openQuickHarness } from "../../support/backup-bench.ts";
import { hookedStore } from "../../support/hooked.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { forever, pushImage, type RegistryHarness } from "../../support/registry.ts";

const open = ({ metadata }: RegistryHarness, archive: Archive, opts: Partial<ArchiveStandingsOpts> = {}) => {
	const clock = new ManualClock();
	const events: string[] = [];
	const registry = () => metadata.origins.identify("candidate");
	const report = ({ event }: { readonly event: string }) => void events.push(event);
	return { standings: new ArchiveStandings({ archive, registry, clock, report }, opts), clock, events };
};

test("an archive is told as the backups in it are, of whatever process, and the journal as far as it goes", async () => {
	await using harness = await openQuickHarness();
	const place = memoryArchive();
	const { standings, clock } = open(harness, place.archive);
	assert.deepEqual(await standings.tell(forever), {});
	const first = (await backupsOf(harness, place.archive).backUp(forever)).manifest;
	assert.deepEqual(await standings.tell(forever), {}, "it is not looked at each time");
	clock.advance(60_000);
	const { id, at, finishedAt } = first;
	const told = await standings.tell(forever);
	assert.deepEqual(told.lastSuccessfulBackup, { id, at, finishedAt });
	assert.equal(told.firstRecoverabilityPoint, at);
	assert.ok((told.shippedUntil ?? 0) >= at);
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const second = (await backupsOf(harness, place.archive, { meter: standings }).backUp(forever)).manifest;
	standings.shipped(second.at + 5_000);
	const now = await standings.tell(forever);
	assert.equal(now.lastSuccessfulBackup?.id, second.id, "what this process did is seen at once");
	assert.deepEqual([now.firstRecoverabilityPoint, now.shippedUntil], [at, second.at + 5_000]);
	await harness.drain();
});

test("however many ask, an archive is looked at once, and what went since it was listed is passed over", async () => {
	await using harness = await openQuickHarness();
	const place = memoryArchive();
	await backupsOf(harness, place.archive).backUp(forever);
	const last = (await backupsOf(harness, place.archive).backUp(forever)).manifest;
	let opens = 0;
	const counted = hookedStore(place.store, async (method, [key]) => {
		if (method !== "open") return undefined;
		opens += 1;
		if (String(key).startsWith("backups/") && !String(key).endsWith(last.id)) throw new StoreError("NOT_FOUND", "gone");
		return undefined;
	});
	const { standings } = open(harness, new Archive({ store: counted }));
	const told = await Promise.all(Array.from({ length: 20 }, () => standings.tell(forever)));
	for (const one of told) assert.equal(one.firstRecoverabilityPoint, last.at);
	await standings.tell(forever);
	assert.equal(opens, 5, "whose it is, the backup that went, the one that is there twice, and the mark");
	await harness.drain();
});

test("an archive that does not answer is told as away, in words, beside what it said last", async () => {
	await using harness = await openQuickHarness();
	await using stranger = await openQuickHarness();
	const place = memoryArchive();
	const { manifest } = await backupsOf(harness, place.archive).backUp(forever);
	let failure: (() => Promise<void>) | undefined;
	const store = hookedStore(place.store, async (method) => {
		if (method === "open") await failure?.();
		return undefined;
	});
	const { standings, clock, events } = open(harness, new Archive({ store }), { lookMs: 300 });
	assert.equal("away" in (await standings.tell(forever)), false);
	for (const [fail, away] of [
		[() => Promise.reject(new StoreError("UNAVAILABLE", "the bucket is away")), "the bucket is away"],
		[() => Promise.reject(new Error("inner")), "the archive cannot be read; the registry's log says why"],
		[() => new Promise<void>(() => undefined), "the archive does not answer within 300 ms"],
	] as const) {
		failure = fail;
		clock.advance(60_000);
		const told = await standings.tell(forever);
		assert.equal(told.away, away);
		assert.equal(told.lastSuccessfulBackup?.id, manifest.id);
	}
	assert.deepEqual(events, Array(3).fill("archive.look-failed"));
	failure = undefined;
	clock.advance(60_000);
	assert.equal("away" in (await standings.tell(forever)), false);
	assert.deepEqual(await open(stranger, place.archive).standings.tell(forever), {
		away: "the archive is another registry's: give each registry a place of its own",
	});
	const { archive } = memoryArchive(place.objects, new Uint8Array(32));
	assert.match((await open(harness, archive).standings.tell(forever)).away ?? "", /not sealed, yet a key is given/);
	await assert.rejects(standings.tell(AbortSignal.abort(new Error("gone"))), /gone/);
});
