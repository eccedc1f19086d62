import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlobStore } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { beginMigration, hasBegun, refuseFormer, refuseTarget } from "#/storage/migrating/begin.ts";
import { markCompleted, readMigration } from "#/storage/migration-mark.ts";
import { MigrationNotes } from "#/storage/migration-notes.ts";
import { claimStore } from "#/storage/owner.ts";
import { StoreError } from "#/storage/store-error.ts";
import { never, noise, put } from "../../conformance/blob-store/bench.ts";
import { hookedStore } from "../../support/hooked.ts";
import { memoryNotes } from "../../support/memory-notes.ts";

const open = (): BlobStore => openMemoryStore({ now: Date.now });
const wanted = { registry: "r1", store: "default", to: "bucket one" };

const begin = (notes: MigrationNotes, target: BlobStore, changes: Partial<typeof wanted> = {}) =>
	beginMigration({ notes, target }, { ...wanted, ...changes }, never);

const refused = async (outcome: Promise<unknown>, why: RegExp): Promise<void> => {
	const refusal = await outcome;
	assert.ok(refusal instanceof StoreError, JSON.stringify(refusal));
	assert.match(refusal.message, why);
};

test("a migration that began goes on with its target, and with no other one", async () => {
	const notes = new MigrationNotes(memoryNotes());
	const target = open();
	assert.equal(await hasBegun({ notes, target }, wanted, never), false);
	const begun = await begin(notes, target);
	assert.ok(!(begun instanceof StoreError) && !begun.completed);
	assert.deepEqual(await begin(notes, target), begun);
	assert.equal(await hasBegun({ notes, target }, wanted, never), true);
	await refused(begin(notes, open(), { to: "bucket two" }), /to bucket one has begun, and bucket two is not where/);
	const another = { ...wanted, to: "bucket two" };
	await assert.rejects(() => hasBegun({ notes, target: open() }, another, never), /name the first target/);
});

test("neither place is a store by itself before the end, and the target is afterwards", async () => {
	const notes = new MigrationNotes(memoryNotes());
	const target = open();
	assert.equal(await refuseFormer(notes, "default"), undefined);
	assert.equal(await refuseTarget(target, "default", never), undefined);
	const begun = await begin(notes, target);
	assert.ok(!(begun instanceof StoreError));
	await refused(refuseFormer(notes, "default"), /bucket one has begun.*name that target in filesystem.migrateTo again/);
	await refused(refuseTarget(target, "default", never), /is not Completed: configure filesystem with migrateTo/);
	await markCompleted(target, begun.id, never);
	await markCompleted(target, begun.id, never);
	await refused(refuseFormer(notes, "default"), /once the migration is Completed, in place of filesystem/);
	assert.equal(await refuseTarget(target, "default", never), undefined);
	assert.deepEqual(await begin(notes, target), { ...begun, completed: true });
});

test("a target that is another's, or not empty, or was one before, is refused before anything is written", async () => {
	const notes = new MigrationNotes(memoryNotes());
	const foreign = open();
	await claimStore(foreign, { registry: "r2", store: "default" }, never);
	await refused(begin(notes, foreign), /belongs to another registry \(r2/);
	const full = open();
	await put(full, "aa/x", noise(3));
	await refused(begin(notes, full), /is not empty \(aa\/x\)/);
	const used = open();
	const before = await begin(new MigrationNotes(memoryNotes()), used);
	assert.ok(!(before instanceof StoreError));
	await markCompleted(used, before.id, never);
	await refused(begin(notes, used), /is where another migration went/);
	// The mark of the beginning alone was deleted: the same migration would be at its end before it began.
	await used.delete("limani-migration", undefined, never);
	await refused(begin(notes, used), /is not empty \(limani-migration-completed\)/);
	assert.equal(await notes.plan(), undefined);
});

test("a start that was cut short is gone on with", async () => {
	const target = open();
	const lost = memoryNotes();
	await begin(new MigrationNotes({ ...lost, write: async () => Promise.reject(new Error("dead")) }), target).catch(
		() => undefined,
	);
	const found = await readMigration(target, never);
	assert.ok(found);
	const notes = new MigrationNotes(lost);
	assert.deepEqual(await begin(notes, target), found);
	assert.equal((await notes.plan())?.id, found.id);
});

test("processes that begin at once begin the same, whoever wrote last", async () => {
	const notes = new MigrationNotes(memoryNotes());
	const target = open();
	// One whose mark is taken from under its hands tries again, as a process does.
	const persist = (): ReturnType<typeof begin> => begin(notes, target).catch(persist);
	const outcomes = await Promise.all([persist(), persist(), persist()]);
	for (const outcome of outcomes) assert.deepEqual(outcome, outcomes[0]);
	assert.deepEqual(await begin(notes, target), outcomes[0]);
});

test("a process that is late is not refused for what clients of the others have pushed", async () => {
	const [notes, target] = [new MigrationNotes(memoryNotes()), open()];
	let isFirst = true;
	// It looks, and then the others begin.
	const late = hookedStore(target, async (method, [key]) => {
		if (!isFirst || method !== "stat" || key !== "limani-owner") return undefined;
		isFirst = false;
		assert.ok(!((await begin(notes, target)) instanceof StoreError));
		await put(target, "aa/pushed", noise(3));
		return undefined;
	});
	const outcome = await begin(notes, late);
	assert.ok(!(outcome instanceof StoreError), String(outcome));
	assert.equal(isFirst, false);
});

test("a beginning that was given up for another target does not make the first one right again", async () => {
	const notes = new MigrationNotes(memoryNotes());
	const [first, second] = [open(), open()];
	await begin(new MigrationNotes(memoryNotes()), first);
	assert.ok(!((await begin(notes, second, { to: "bucket two" })) instanceof StoreError));
	await refused(begin(notes, first), /to bucket two has begun/);
});

test("a target that was emptied is told as one, and not as another", async () => {
	const notes = new MigrationNotes(memoryNotes());
	assert.ok(!((await begin(notes, open())) instanceof StoreError));
	await refused(begin(notes, open()), /bucket one has lost the mark of the migration/);
	await assert.rejects(() => hasBegun({ notes, target: open() }, wanted, never), /has lost the mark/);
});

test("a note that cannot be understood is told, and not taken for none", async () => {
	const notes = memoryNotes();
	await notes.write("limani-migration", "{");
	await assert.rejects(() => refuseFormer(new MigrationNotes(notes), "default"), /cannot be understood/);
});
