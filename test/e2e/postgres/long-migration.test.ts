// A statement of a migration, and the wait for another process that migrates, may last for longer than any other may.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { openEngine } from "#/metadata/postgres/open-engine.ts";
import type { PostgresEngine } from "#/metadata/postgres/postgres-engine.ts";
import type { Program } from "#/metadata/sql/engine/engine.ts";
import type { Migration } from "#/metadata/sql/engine/migrate.ts";
import { eventually } from "../../support/eventually.ts";
import { ledger, ledgerMigrations } from "../../support/ledger.ts";
import { spawnLimani } from "../../support/limani-process.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { SilentProxy } from "../../support/silent-proxy.ts";

const postgres = privatePostgres();
const unavailable = (error: unknown) => error instanceof MetadataError && error.code === "UNAVAILABLE";

/** What other statements may take, milliseconds. */
const STATEMENT_MS = 500;
/** For longer than the client waits for the answer to such a statement, the server's limit and five seconds, twice. */
const LONG_MS = 2 * (STATEMENT_MS + 5_000) + 2_000;

/** Locks of the test's own. */
const STEP = 1;
/** What migrations are made under. */
const MIGRATIONS = 7_141_202_601;

const slow: Migration = {
	number: 3,
	name: "slow",
	oldestReader: 1,
	statements: () => [
		"INSERT INTO counters (name, value) VALUES ('slow', 1)",
		`SELECT CAST(pg_advisory_xact_lock(${STEP}) AS TEXT) AS waited`,
	],
};
/** Its last migration waits for the lock STEP. */
const slowLedger: Program = { ...ledger, migrations: [...ledgerMigrations, slow] };

/** Whoever wants the lock waits until the result is called. */
const holdLock = async (t: TestContext, url: string, lock: number): Promise<() => Promise<void>> => {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	client.on("error", () => undefined);
	t.after(() => client.end());
	await client.query("SELECT pg_advisory_lock($1)", [lock]);
	return async () => void (await client.query("SELECT pg_advisory_unlock($1)", [lock]));
};

/** Resolves when so many wait for the lock. */
const untilWaiting = (url: string, lock: number, count = 1): Promise<void> =>
	eventually(async () => {
		const { rows } = await query(
			url,
			`SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
				AND (classid::bigint << 32) + objid::bigint = ${lock}`,
		);
		assert.equal(rows.length, count);
	});

const open = (t: TestContext, url: string, told?: AbortSignal): Promise<PostgresEngine> => {
	const over = new AbortController();
	const signal = AbortSignal.any([over.signal, ...(told === undefined ? [] : [told])]);
	const opts = { url, maxConnections: 4, statementTimeoutMs: STATEMENT_MS };
	const engine = openEngine(opts, { warn: () => undefined, random: Math.random }, slowLedger, { signal });
	t.after(async () => {
		over.abort();
		await (await engine.catch(() => undefined))?.[Symbol.asyncDispose]();
	});
	// A failure is looked at later.
	engine.catch(() => undefined);
	return engine;
};

const assertMigratedOnce = async (url: string): Promise<void> => {
	const { rows } = await query(url, "SELECT number::int FROM migrations ORDER BY number");
	assert.deepEqual(
		rows.map(({ number }) => number),
		[1, 2, 3],
	);
	const counted = await query(url, "SELECT value::int FROM counters WHERE name = 'slow'");
	assert.deepEqual(counted.rows, [{ value: 1 }]);
};

test("a migration arrives whose statement takes longer than any other may", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const release = await holdLock(t, url, STEP);
	const engine = open(t, url);
	await untilWaiting(url, STEP);
	await sleep(LONG_MS);
	await release();
	assert.equal(await (await engine).read("counter", "slow"), 1);
	await assertMigratedOnce(url);
});

test("who waits for another one's migration for longer than any other statement may opens when that is over", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const release = await holdLock(t, url, MIGRATIONS);
	const engines = [open(t, url), open(t, url)];
	await untilWaiting(url, MIGRATIONS, engines.length);
	await sleep(LONG_MS);
	await release();
	for (const engine of engines) assert.equal(await (await engine).read("counter", "slow"), 1);
	await assertMigratedOnce(url);
});

test("a server that falls silent in the midst of a migration is noticed", { timeout: 120_000 }, async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using proxy = await SilentProxy.open(Number(new URL(url).port));
	const past = new URL(url);
	past.port = String(proxy.port);
	const release = await holdLock(t, url, STEP);
	const cut = open(t, past.href);
	await untilWaiting(url, STEP);
	proxy.fallSilent();
	await assert.rejects(cut, unavailable);
	// The server does not know, and undoes it when it has its lock and hears nothing.
	const next = open(t, url);
	await untilWaiting(url, MIGRATIONS);
	await release();
	assert.equal(await (await next).read("counter", "slow"), 1);
	await assertMigratedOnce(url);
});

test("a migration that waits for its turn, or is at work, ends when it is told to", { timeout: 120_000 }, async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const release = await holdLock(t, url, STEP);
	const endings = [new AbortController(), new AbortController()] as const;
	const working = open(t, url, endings[0].signal);
	await untilWaiting(url, STEP);
	const waiting = open(t, url, endings[1].signal);
	await untilWaiting(url, MIGRATIONS);
	for (const ending of endings.toReversed()) ending.abort();
	await assert.rejects(waiting, unavailable);
	await assert.rejects(working, unavailable);
	await assert.rejects(open(t, url, AbortSignal.abort()), unavailable);
	await release();
	await open(t, url);
	await assertMigratedOnce(url);
});

for (const workers of [1, 2]) {
	test(`a registry of ${workers} processes that waits for another one's migration stops when it is told to`, {
		timeout: 120_000,
	}, async (t) => {
		const url = await postgres.database(t);
		if (url === undefined) return;
		await holdLock(t, url, MIGRATIONS);
		await using limani = await spawnLimani({ config: { workers, database: { postgres: { url } } } });
		await untilWaiting(url, MIGRATIONS);
		const exited = once(limani.child, "exit");
		limani.child.kill("SIGTERM");
		assert.deepEqual(await exited, [0, null], limani.output());
	});
}
