import assert from "node:assert/strict";
import { test } from "node:test";
import { storesToTell } from "#/app/store-standings.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { MigrationNotes } from "#/storage/migration-notes.ts";
import { StoreError } from "#/storage/store-error.ts";
import { never } from "../conformance/blob-store/bench.ts";
import { memoryNotes } from "../support/memory-notes.ts";
import { openTestMetadata } from "../support/registry.ts";

test("a migration is Pending until its plan is there, and no longer: its target may have what the files lack", async () => {
	await using metadata = await openTestMetadata();
	const own = memoryNotes();
	let isAway = false;
	const notes = new MigrationNotes({
		...own,
		read: async (name) => {
			if (isAway) throw new StoreError("UNAVAILABLE", "the volume is away");
			return await own.read(name);
		},
	});
	const [former, target] = [openMemoryStore({ now: Date.now }), openMemoryStore({ now: Date.now })];
	let why: string | undefined = "there is no such bucket";
	const trouble = () => why;
	const migration = { name: "default", to: "a bucket", notes, former, target, begun: () => undefined, trouble };
	const stores = new Map([["default", former]]);
	const { standings } = storesToTell({ stores, migrations: [migration], awayStores: () => [], metadata });
	assert.ok(standings);
	const told = async () => (await standings(never)).find(({ name }) => name === "default")?.migration;
	const pending = await told();
	assert.deepEqual([pending?.stage, pending?.message], ["Pending", "there is no such bucket"]);
	why = undefined;
	await notes.writePlan({ id: "m", registry: "r", store: "default", to: "a bucket" });
	assert.equal((await told())?.stage, "Copying");
	const [objects, bytes] = [
		{ done: 1, all: 1 },
		{ done: 5, all: 5 },
	];
	await notes.writeProgress({ stage: "Completed", objects, bytes });
	assert.deepEqual(await told(), { to: "a bucket", stage: "Completed", objects, bytes });
	isAway = true;
	const { stage, message } = (await told()) ?? {};
	assert.deepEqual([stage, message], ["Copying", "the volume is away"]);
});
