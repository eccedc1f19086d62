import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { checkSchema, type Migration, migrate, type RunInTransaction } from "#/metadata/sql/engine/migrate.ts";
import { sqliteDialect } from "#/metadata/sqlite/dialect.ts";
import { openHost } from "#/metadata/sqlite/open-engine.ts";
import { PreparedStatements } from "#/metadata/sqlite/prepared-statements.ts";
import { ledgerMigrations } from "../support/ledger.ts";
import { sqliteLedger, temporaryDirectory } from "../support/sqlite-ledger.ts";

const schema = (error: unknown) => error instanceof MetadataError && error.code === "SCHEMA";

function migration(number: number, statements: readonly string[], oldestReader = number): Migration {
	return { number, name: `step-${number}`, oldestReader, statements: () => statements };
}

function open() {
	const db = new DatabaseSync(":memory:");
	const statements = new PreparedStatements(db);
	const run: RunInTransaction = (step) => {
		db.exec("BEGIN");
		try {
			const value = statements.runSteps(step({ dialect: sqliteDialect, now: 1 }));
			db.exec("COMMIT");
			return value;
		} catch (error) {
			db.exec("ROLLBACK");
			throw error;
		}
	};
	const texts = (sql: string) => statements.run({ sql, params: [] }).map((row) => row.name);
	return { run, statements, tables: () => texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name") };
}

test("migrations are applied in order, and a second time not at all", async () => {
	const { run, tables } = open();
	const two = [migration(1, ["CREATE TABLE a (x)"]), migration(2, ["ALTER TABLE a RENAME TO b"])];
	assert.deepEqual(await migrate(two.slice(0, 1), run), { from: 0, to: 1 });
	assert.deepEqual(await migrate(two, run), { from: 1, to: 2 });
	assert.deepEqual(await migrate(two, run), { from: 2, to: 2 });
	assert.deepEqual(tables(), ["b", "migrations"]);
});

test("a migration that fails leaves nothing of itself, and everything before it", async () => {
	const { run, tables } = open();
	const broken = [migration(1, ["CREATE TABLE a (x)"]), migration(2, ["CREATE TABLE b (x)", "CREATE TABLE a (x)"])];
	await assert.rejects(migrate(broken, run), /already exists/);
	assert.deepEqual(tables(), ["a", "migrations"]);
	const mended = [...broken.slice(0, 1), migration(2, ["CREATE TABLE b (x)"])];
	assert.deepEqual(await migrate(mended, run), { from: 1, to: 2 });
});

test("a schema of a newer release is refused, with both numbers named", async () => {
	const { run, statements } = open();
	const three = [1, 2, 3].map((number) => migration(number, [`CREATE TABLE t${number} (x)`]));
	await migrate(three, run);
	const older = three.slice(0, 2);
	await assert.rejects(migrate(older, run), (error) => schema(error) && /schema 3.*up to 2/.test(String(error)));
	assert.throws(() => statements.runSteps(checkSchema(older)), schema);
});

test("a newer schema that an older release can work beside is accepted", async () => {
	const { run, statements } = open();
	const expanded = [migration(1, ["CREATE TABLE a (x)"]), migration(2, ["ALTER TABLE a ADD COLUMN y"], 1)];
	await migrate(expanded, run);
	assert.deepEqual(await migrate(expanded.slice(0, 1), run), { from: 2, to: 2 });
	statements.runSteps(checkSchema(expanded.slice(0, 1)));
});

test("a database whose migrations have not run is found out", async () => {
	const { run, statements } = open();
	await migrate([migration(1, [])], run);
	assert.throws(() => statements.runSteps(checkSchema([migration(1, []), migration(2, [])])), schema);
});

test("numbers have no gaps", async () => {
	await assert.rejects(migrate([migration(2, [])], open().run), /must have number 1, not 2/);
});

test("the embedded database refuses to open what a newer release wrote, and lets go of the directory", async (t) => {
	const directory = temporaryDirectory(t);
	await (await openHost(directory, sqliteLedger, () => {}))[Symbol.asyncDispose]();
	const file = new DatabaseSync(`${directory}/metadata.db`);
	file.prepare("INSERT INTO migrations VALUES (?, 'newer', ?, 0)").run(9, ledgerMigrations.length + 1);
	file.close();
	await assert.rejects(
		openHost(directory, sqliteLedger, () => {}),
		schema,
	);
	await assert.rejects(
		openHost(directory, sqliteLedger, () => {}),
		schema,
	);
});
