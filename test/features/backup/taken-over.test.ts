// What a process that stood still does when it wakes, where another one has taken over what it was at: the other one took
// what it found under a key for its own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Archive } from "#/features/backup/archive.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import {
	assertWhole,
	backupsOf,
	emptyTarget,
	keysOf,
	memoryArchive,
	openQuickHarness,
} from "../../support/backup-bench.ts";
import { hookedStore } from "../../support/hooked.ts";
import { journalAll } from "../../support/journal.ts";
import { forever, pushBlob, pushImage } from "../../support/registry.ts";

/** A store whose first commit of such a key is done without an answer, and which deletes what is given up, whosever it is. */
const unanswering = (store: BlobStore, isMeant: (key: string) => boolean): BlobStore => {
	const keys: string[] = [];
	let hasFailed = false;
	return hookedStore(store, async (method, [key]) => {
		if (method === "write") keys.push(String(key));
		const [last] = keys.slice(-1);
		if (last === undefined || !isMeant(last)) return undefined;
		if (method === "writer.abort") await store.delete(last, undefined, forever);
		if (method !== "writer.commit" || hasFailed) return undefined;
		hasFailed = true;
		return () => {
			throw new StoreError("UNAVAILABLE", "no answer");
		};
	});
};

const finishedIn = async (store: BlobStore | undefined): Promise<readonly string[]> => {
	assert.ok(store);
	const keys = await Array.fromAsync(store.list("", forever), ({ key, staged }) => (staged ? [] : [key]));
	return keys.flat();
};

test("a restore that is cut short takes no blob away that another process may have found there", async () => {
	await using harness = await openQuickHarness();
	await pushBlob(harness.instance(), "p/r", "the only one");
	const { archive } = memoryArchive();
	await backupsOf(harness, archive).backUp(forever);
	await using target = await emptyTarget(archive, (store) => unanswering(store, (key) => /^[0-9a-f]{2}\//.test(key)));
	await assert.rejects(target.restore(), /no answer/);
	assert.equal((await finishedIn(target.stores.get("default"))).length, 1);
	assert.equal((await target.restore()).wasDone, false);
	await assertWhole(target);
	await harness.drain();
});

test("a process that ships the journal takes no segment away that another one may have found there", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v1", "config", "layer");
	const place = memoryArchive();
	await backupsOf(harness, place.archive).backUp(forever);
	await pushImage(harness.instance(), "p/r", "v2", "config", "another layer");
	await journalAll(harness);
	const before = keysOf(place, "/journal/");
	const archive = new Archive({ store: unanswering(place.store, (key) => key.includes("/journal/")) });
	await assert.rejects(backupsOf(harness, archive, { holder: "late" }).ship(forever), /no answer/);
	const after = keysOf(place, "/journal/");
	assert.equal(after.length, before.length + 1, "it is there");
	await backupsOf(harness, place.archive).ship(forever);
	await using target = await emptyTarget(place.archive);
	await target.restore();
	await assertWhole(target);
	await harness.drain();
});
