// Collection by several processes: the histories of test/features/gc on PostgreSQL. SEED repeats a run, DURATION is in
// seconds.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import pg from "pg";
import type { Metadata } from "#/metadata/metadata.ts";
import { openPostgres } from "#/metadata/postgres/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { type CollectingAct, collectingHistories, halfRemovals } from "../../features/gc/collecting-acts.ts";
import type { CollectingGround } from "../../features/gc/collecting-ground.ts";
import { CollectingHistory } from "../../features/gc/collecting-history.ts";
import { HistorySum } from "../../features/gc/history-sum.ts";
import { brokenRulesInPostgres } from "../../metadata/registry-state.ts";
import { privatePostgres, query } from "../../support/postgres.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const DURATION = Number(process.env.DURATION ?? 20);
const PROCESSES = 3;

const postgres = privatePostgres();

/** A clock that tests set, found before the server's own by whoever connects to the database. */
const CLOCK = `CREATE TABLE test_clock (at timestamptz NOT NULL);
	INSERT INTO test_clock VALUES (now());
	CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT at FROM public.test_clock'`;

/** An empty database whose clock stands, and as many ways to it as there are processes. */
const openGround = async (
	t: TestContext,
	url: string,
): Promise<CollectingGround & { empty(): Promise<void> } & AsyncDisposable> => {
	await using opening = new AsyncDisposableStack();
	const stack = opening.use(new AsyncDisposableStack());
	await query(url, CLOCK);
	await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET search_path = public, pg_catalog`);
	const warn = (message: string): void => {
		if (!message.includes("idle connection")) t.diagnostic(message);
	};
	const open = async (): Promise<Metadata> =>
		new SqlMetadata(await openPostgres({ url }, { warn, random: Math.random }));
	const processes: [Metadata, ...Metadata[]] = [await open()];
	stack.defer(async () => {
		for (const each of processes) await each[Symbol.asyncDispose]();
	});
	while (processes.length < PROCESSES) processes.push(await open());
	const pool = new pg.Pool({ connectionString: url, max: 4 });
	stack.defer(() => pool.end());
	const rows = async (sql: string): Promise<readonly object[]> => (await pool.query(sql)).rows;
	const kept = await keptRows(rows);
	opening.move();
	return {
		processes,
		restart: async (place) => {
			await processes[place]?.[Symbol.asyncDispose]();
			processes[place] = await open();
		},
		sever: async () => {
			await pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'limani'");
		},
		overlaps: true,
		rows,
		setNow: async (now) => {
			await pool.query("UPDATE test_clock SET at = to_timestamp($1::double precision / 1000)", [now]);
		},
		brokenRules: () => brokenRulesInPostgres(rows),
		empty: async () => {
			await pool.query(`TRUNCATE ${[...kept.keys()].join(", ")} RESTART IDENTITY`);
			for (const [table, each] of kept) {
				const json = JSON.stringify(each);
				await pool.query(`INSERT INTO ${table} SELECT * FROM json_populate_recordset(NULL::${table}, $1)`, [json]);
			}
		},
		[Symbol.asyncDispose]: () => stack.disposeAsync(),
	};
};

/** What each table has right after the migrations, but for the list of those. */
const keptRows = async (
	rows: (sql: string) => Promise<readonly object[]>,
): Promise<ReadonlyMap<string, readonly object[]>> => {
	const tables = await rows(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'
		AND table_name NOT IN ('test_clock', 'schema_migrations', 'migrations')`);
	const kept = new Map<string, readonly object[]>();
	for (const row of tables) {
		assert.ok("name" in row && typeof row.name === "string");
		kept.set(row.name, await rows(`SELECT * FROM ${row.name}`));
	}
	return kept;
};

test(`three processes on PostgreSQL collect nothing that is used, and leave nothing that is not (SEED=${SEED})`, async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using ground = await openGround(t, url);
	const sum = new HistorySum();
	const live = async (happenings: readonly CollectingAct[]): Promise<void> => {
		await ground.empty();
		const history = new CollectingHistory(ground);
		await history.run(happenings);
		sum.add({ acts: happenings.length, ...history.counts });
	};
	for (const happenings of halfRemovals) await live(happenings);
	assert.ok(sum.of("amid") > 0, "what is half removed was collected from");
	await fc.assert(fc.asyncProperty(collectingHistories, live), {
		seed: SEED,
		numRuns: 100_000,
		interruptAfterTimeLimit: DURATION * 1000,
		endOnFailure: DURATION < 60,
	});
	t.diagnostic(String(sum));
	assert.ok(sum.of("collected") > 0, "it was put to the test");
});
