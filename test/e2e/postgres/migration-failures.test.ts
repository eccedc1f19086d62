import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { stringify } from "yaml";
import { parseConfig } from "#/app/config/load.ts";
import type { Config } from "#/app/config/schema.ts";
import { openServingDatabase, openWorkerDatabase } from "#/app/database.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { openPostgresTarget } from "#/metadata/postgres/index.ts";
import { fillTable } from "../../support/filled-tables.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { openInspectedMetadata } from "../../support/sqlite-metadata.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { TransferLife } from "../../support/transfer-life.ts";

const postgres = privatePostgres();

const warn = (): void => undefined;
const deps = { warn, random: Math.random };

/** More rows than are compared once more while writes are held. */
const MANY = 1_500;
const LATE = "INSERT INTO refresh_tokens VALUES ('late', '', '', '', '', 0)";

test("what a write left behind that seemed to fail is waited for before anything else is brought over", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using source = await openInspectedMetadata({ now: Date.now() });
	for (let number = 0; number < MANY; number++) fillTable(source, "refresh_tokens", number);
	await using target = await openPostgresTarget({ url, statementTimeoutMs: 1_000 }, deps, "nobody");
	const late = new pg.Client({ connectionString: url });
	await late.connect();
	const done = new Set<string>();
	let raises = 0;
	const once = (what: string): boolean => !done.has(what) && done.add(what).has(what);
	const before = async (name: string): Promise<void> => {
		if (name === "transfer.loadPage" && once("change")) source.rows(LATE);
		if (name === "transfer.loadRows" && once("insert")) {
			await late.query("BEGIN; SELECT 1 FROM transfer_arrival FOR SHARE");
			await late.query(LATE);
			source.rows("DELETE FROM refresh_tokens WHERE hash = 'late'");
			throw new MetadataError("UNAVAILABLE", "no answer came");
		}
		if (name === "transfer.raiseFence") raises += 1;
		const isOver = raises === 3 || name === "transfer.settle";
		if (isOver && done.has("insert") && once("commit")) await late.query("COMMIT");
	};
	const limits = { maxRows: 500, maxBytes: 1_000_000, maxChanges: 500 };
	const life = new TransferLife({ source: source.executor, target, limits, before });
	await life.ended();
	await late.end();
	assert.deepEqual([...done], ["change", "insert", "commit"]);
	const { rows } = await query(url, "SELECT hash FROM refresh_tokens WHERE hash = 'late'");
	assert.ok(!life.moved || rows.length === 0, "a row is in the target that the source does not have");
	assert.ok(raises >= 3, String(raises));
});

/** A registry whose database is in `dataDir`, to move to `url` where there is one. */
const configOf = (dataDir: string, url?: string): Config => {
	const database = url === undefined ? {} : { database: { sqlite: { migrateTo: { postgres: { url } } } } };
	return parseConfig(stringify({ dataDir, ...database }), "the test's", {});
};

/** Serves for a moment. @returns whether it is to move */
const serve = async (config: Config): Promise<boolean> => {
	const { executor, moving } = await openServingDatabase(config, warn);
	await executor[Symbol.asyncDispose]();
	return moving !== undefined;
};

test("once it moved, no older copy of a registry serves, nor a new one in its place, nor a worker that knows no better", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const [here, older, fresh, another] = ["here", "older", "fresh", "another"].map(() => temporaryDirectory(t));
	assert.ok(here !== undefined && older !== undefined && fresh !== undefined && another !== undefined);
	for (const directory of [here, another]) {
		const { executor } = await openServingDatabase(configOf(directory), warn);
		await executor.write("origins.identify", { candidate: directory });
		await executor[Symbol.asyncDispose]();
	}
	cpSync(join(here, "metadata.db"), join(older, "metadata.db"));
	{
		const { executor, moving } = await openServingDatabase(configOf(here, url), warn);
		await using _ = executor;
		assert.ok(moving !== undefined);
		const line = { on: () => undefined, once: () => undefined };
		await using worker = await openWorkerDatabase(configOf(here), line, warn);
		await worker.read("origins.identity", undefined);
		await using target = await moving.openTarget(here);
		const life = new TransferLife({ source: moving.source, target });
		await life.ended();
		assert.ok(life.moved, String(life.failures));
		await assert.rejects(worker.read("origins.identity", undefined), /the metadata moved to another/);
	}
	assert.equal(await serve(configOf(here, url)), false);
	await assert.rejects(serve(configOf(older, url)), /already moved there, and the database in .* is an older copy/);
	await assert.rejects(serve(configOf(fresh, url)), /already moved there, and the database in .* is new/);
	assert.ok(await serve(configOf(another, url)));
	await postgres.crash();
	assert.ok(await serve(configOf(older, url)));
});
