import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { migrate } from "#/metadata/sql/engine/migrate.ts";
import { BatchWriter } from "#/metadata/sqlite/batch-writer.ts";
import { openWriteConnection } from "#/metadata/sqlite/connection.ts";
import { sqliteDialect } from "#/metadata/sqlite/dialect.ts";
import { PreparedStatements } from "#/metadata/sqlite/prepared-statements.ts";
import { reserved, type WireRequest } from "#/metadata/sqlite/wire.ts";
import type { TimeSource } from "#/metadata/sqlite/writer-clock.ts";
import { ledger } from "../support/ledger.ts";
import { temporaryDirectory } from "../support/sqlite-ledger.ts";

const longAgo = Date.UTC(2020, 0, 1);
/** By which no batch ends for its time. */
const stopped: TimeSource = { wall: () => longAgo, monotonic: () => 0 };

test("a batch ends after 256 commands", async (t) => {
	const { writer } = await openWriter(t);
	assert.equal(writer.run(appends(300)).length, 256);
});

test("a batch ends with the command during which 5 ms went by", async (t) => {
	const clock = { monotonic: 0 };
	const { writer } = await openWriter(t, { wall: () => longAgo, monotonic: () => clock.monotonic++ });
	assert.equal(writer.run(appends(20)).length, 6);
});

test("a full disk refuses the commands that find no room, each by itself, and those after it go on", async (t) => {
	const { writer, db } = await openWriter(t);
	db.exec("PRAGMA max_page_count = 40");
	const small = request("append", { text: "small" });
	const large = request("append", { text: "large", bytes: new Uint8Array(500_000) });
	const outcomes = writer.run([small, large, request("append", { text: "last" })]);
	assert.deepEqual(
		outcomes.map((outcome) => (outcome.ok ? "written" : outcome.failure.code)),
		["written", "FULL", "written"],
	);
	assert.deepEqual(textsOf(db), ["small", "last"]);
});

test("time stands in the database and does not go back when the wall clock does, nor over a restart", async (t) => {
	const clock = { wall: longAgo + 100_000, monotonic: 0 };
	const time: TimeSource = { wall: () => clock.wall, monotonic: () => clock.monotonic };
	const { writer, db } = await openWriter(t, time);
	const at = () => Number(appendedAt(writer));
	const first = at();
	clock.wall = longAgo;
	clock.monotonic += 10;
	const second = at();
	assert.ok(second > first);
	const restarted = new BatchWriter({ db, program: ledger, time });
	assert.ok(Number(appendedAt(restarted)) > second);
});

test("a mark that was rolled back is written again", async (t) => {
	const clock = { wall: longAgo, monotonic: 0 };
	const time: TimeSource = { wall: () => clock.wall, monotonic: () => clock.monotonic };
	const { writer, db } = await openWriter(t, time);
	const [outcome] = writer.run([request("dangle", undefined)]);
	assert.equal(outcome?.ok, false);
	writer.run(appends(1));
	const [row] = new PreparedStatements(db).run({ sql: "SELECT high_water FROM writer_clock", params: [] });
	assert.equal(row?.high_water, longAgo);
});

test("requests that change nothing write nothing", async (t) => {
	const { writer, directory } = await openWriter(t);
	writer.run(appends(1));
	const size = () => statSync(join(directory, "metadata.db-wal")).size;
	const before = size();
	for (let round = 0; round < 50; round++) {
		writer.run([request(reserved.ping, undefined), request("now", undefined)]);
	}
	assert.equal(size(), before);
});

test("only a batch of nothing but fleeting commands does not wait for the disk", async (t) => {
	const { db } = await openWriter(t);
	const program = { ...ledger, fleeting: new Set(["increment"]) };
	const writer = new BatchWriter({ db, program, time: stopped });
	const levelAfter = (...names: readonly string[]) => {
		const outcomes = writer.run(names.map((name) => request(name, name === "append" ? { text: "a" } : "counter")));
		assert.ok(outcomes.every(({ ok }) => ok));
		return new PreparedStatements(db).run({ sql: "PRAGMA synchronous", params: [] })[0]?.synchronous;
	};
	const [normal, full] = [1, 2];
	assert.equal(levelAfter("append"), full);
	assert.equal(levelAfter("increment", "increment"), normal);
	assert.equal(levelAfter("increment", "append"), full);
	assert.equal(levelAfter("increment"), normal);
	assert.equal(levelAfter("append", "increment"), full);
});

async function openWriter(t: TestContext, time = stopped) {
	const directory = temporaryDirectory(t);
	const db = openWriteConnection(join(directory, "metadata.db"));
	t.after(() => db.close());
	const statements = new PreparedStatements(db);
	await migrate(ledger.migrations, (step) => statements.runSteps(step({ dialect: sqliteDialect, now: longAgo })));
	return { directory, db, writer: new BatchWriter({ db, program: ledger, time }) };
}

function textsOf(db: ReturnType<typeof openWriteConnection>) {
	return new PreparedStatements(db)
		.run({ sql: "SELECT text FROM entries ORDER BY number", params: [] })
		.map(({ text }) => text);
}

function appendedAt(writer: BatchWriter): unknown {
	const [outcome] = writer.run([request("append", { text: "at" })]);
	assert.ok(outcome?.ok);
	const { value } = outcome;
	return typeof value === "object" && value !== null && "at" in value ? value.at : undefined;
}

function appends(count: number): WireRequest[] {
	return Array.from({ length: count }, (_, index) => request("append", { text: `${index}` }));
}

function request(name: string, input: unknown): WireRequest {
	return { seq: 1, name, input, id: undefined };
}
