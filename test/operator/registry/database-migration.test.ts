import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import type { DatabaseMigration } from "#/control/control.ts";
import { tellDatabaseMigration } from "#/operator/registry/database-migration.ts";

const registry = (spec: object, status: object = {}): Registry => {
	const metadata = { name: "r", namespace: "n", uid: "u", generation: 1 };
	const parsed = parseRegistry({ metadata, spec, status });
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return parsed.resource;
};

const migrating = { migration: { database: { postgres: { urlSecretRef: { name: "db", key: "url" } } } } };
const seen = (changes: Partial<DatabaseMigration> = {}): DatabaseMigration => ({
	to: "db.test/limani",
	stage: "Copying",
	rows: { done: 1, all: 3 },
	...changes,
});
const last = { migration: { database: { stage: "Copying", rows: 1, totalRows: 3 } } };

test("a Registry whose database goes nowhere says nothing of it", () => {
	const told = tellDatabaseMigration(registry({}, last), undefined);
	assert.deepEqual(told, { fields: {}, asides: [], dropped: ["DatabaseMigrated"] });
});

test("how far the database is stands in the status, and a condition says it in words", () => {
	const { fields, asides, dropped } = tellDatabaseMigration(registry(migrating), seen());
	assert.deepEqual([fields, dropped], [last, []]);
	const message = "1 of 3 rows are in db.test/limani, and what changes follows";
	assert.deepEqual(asides, [{ type: "DatabaseMigrated", status: "False", reason: "Progressing", message }]);
});

test("what holds the database up is told, and what is to be done at its end", () => {
	const waiting = seen({ stage: "Pending", message: "the target is not empty" });
	const { fields, asides } = tellDatabaseMigration(registry(migrating), waiting);
	assert.equal(fields.migration?.database?.stage, "Pending");
	assert.equal(asides[0]?.reason, "MigrationHeldUp");
	assert.equal(asides[0]?.message, "to db.test/limani: the target is not empty");
	const [done] = tellDatabaseMigration(registry(migrating), seen({ stage: "Completed" })).asides;
	assert.deepEqual([done?.status, done?.reason], ["True", "Succeeded"]);
	assert.match(done?.message ?? "", /name that in spec.database/);
});

test("what was seen last stands while nobody tells", () => {
	assert.deepEqual(tellDatabaseMigration(registry(migrating, last), undefined).fields, last);
	assert.deepEqual(tellDatabaseMigration(registry(migrating), undefined).fields, {});
});

test("one that moved before its process began has all the rows that were counted", () => {
	const told = tellDatabaseMigration(registry(migrating, last), { to: "db.test/limani", stage: "Completed" });
	assert.deepEqual(told.fields.migration, { database: { stage: "Completed", rows: 3, totalRows: 3 } });
	const fresh = tellDatabaseMigration(registry(migrating), { to: "db.test/limani", stage: "Completed" });
	assert.deepEqual(fresh.fields.migration, { database: { stage: "Completed" } });
});
