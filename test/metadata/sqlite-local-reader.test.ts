import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { LocalReader } from "#/metadata/sqlite/local-reader.ts";
import { ledger } from "../support/ledger.ts";
import { temporaryDirectory } from "../support/sqlite-ledger.ts";

test("what is read after the close, as when a registry stops under a request, finds the database unavailable", (t) => {
	const file = join(temporaryDirectory(t), "closed.sqlite");
	using db = new DatabaseSync(file);
	db.exec("PRAGMA journal_mode = WAL");
	const reader = new LocalReader(file, ledger);
	const [query = ""] = Object.keys(ledger.queries);
	reader[Symbol.dispose]();
	assert.throws(() => reader.read(query, {}), { name: "MetadataError", code: "UNAVAILABLE" });
});
