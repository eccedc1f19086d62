import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import type { StoreMigration } from "#/control/control.ts";
import { tellMigration } from "#/operator/registry/migration.ts";

const registry = (spec: object, status: object = {}): Registry => {
	const metadata = { name: "r", namespace: "n", uid: "u", generation: 1 };
	const parsed = parseRegistry({ metadata, spec, status });
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return parsed.resource;
};

const migrating = { migration: { storage: { s3: { bucket: "b" } } } };
const seen = (changes: Partial<StoreMigration>) => [
	{ name: "cold", used: true },
	{
		name: "default",
		used: true,
		migration: {
			to: "S3 bucket b",
			stage: "Copying",
			objects: { done: 1, all: 3 },
			bytes: { done: 10, all: 30 },
			...changes,
		} as const,
	},
];

test("a Registry that goes nowhere says nothing of it", () => {
	const told = tellMigration(registry({}), [{ name: "default", used: true }]);
	assert.deepEqual(told, { fields: {}, asides: [], dropped: ["StorageMigrated"] });
});

test("how far it is stands in the status, and a condition says it in words", () => {
	const { fields, asides, dropped } = tellMigration(registry(migrating), seen({}));
	const storage = { stage: "Copying", objects: 1, totalObjects: 3, bytes: 10, totalBytes: 30 };
	assert.deepEqual([fields, dropped], [{ migration: { storage } }, []]);
	const message = "1 of 3 objects are in S3 bucket b";
	assert.deepEqual(asides, [{ type: "StorageMigrated", status: "False", reason: "Progressing", message }]);
});

test("what holds it up is told, and what is to be done at its end", () => {
	const [held] = tellMigration(registry(migrating), seen({ message: "the bucket is away" })).asides;
	assert.deepEqual([held?.reason, held?.message], ["MigrationHeldUp", "to S3 bucket b: the bucket is away"]);
	const [unbegun] = tellMigration(
		registry(migrating),
		seen({ stage: "Pending", message: "there is no bucket b" }),
	).asides;
	assert.match(
		unbegun?.message ?? "",
		/^to S3 bucket b: there is no bucket b\. Nothing has gone there: .* take .* away/,
	);
	const all = { objects: { done: 3, all: 3 }, bytes: { done: 30, all: 30 } };
	const [done] = tellMigration(registry(migrating), seen({ ...all, stage: "Completed" })).asides;
	assert.deepEqual([done?.status, done?.reason], ["True", "Succeeded"]);
	assert.match(done?.message ?? "", /name that in spec.storage/);
});

test("what was seen last stands while nobody tells", () => {
	const migration = { storage: { stage: "Copying", objects: 1, totalObjects: 3, bytes: 10, totalBytes: 30 } };
	assert.deepEqual(tellMigration(registry(migrating, { migration }), undefined).fields, { migration });
	assert.deepEqual(tellMigration(registry({}, { migration }), undefined).fields, {});
});
