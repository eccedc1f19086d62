// Processes that look at the clock in the same moment: what one of them notices, none of the others may overlook.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import pg from "pg";
import type { Metadata } from "#/metadata/metadata.ts";
import { openPostgres } from "#/metadata/postgres/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { eventually } from "../../support/eventually.ts";
import { privatePostgres } from "../../support/postgres.ts";

const postgres = privatePostgres();

const open = async (t: TestContext, url: string): Promise<Metadata> => {
	const metadata = new SqlMetadata(await openPostgres({ url }, { warn: () => undefined, random: Math.random }));
	t.after(() => metadata[Symbol.asyncDispose]());
	return metadata;
};

for (const before of ["the first jump", "a further jump"]) {
	test(`whoever waits while another process notices ${before} of the clock is told of it`, async (t) => {
		const url = await postgres.database(t);
		if (url === undefined) return;
		const [noticing, starting, running] = [await open(t, url), await open(t, url), await open(t, url)];
		const { now } = await running.objects.watchClock();
		const jump = { now, elapsedMs: 120_000 };
		if (before === "a further jump") await noticing.objects.watchClock(jump);

		const other = new pg.Client({ connectionString: url });
		await other.connect();
		t.after(() => other.end());
		const waiting = (count: number): Promise<void> =>
			eventually(async () => {
				const { rows } = await other.query(`SELECT pid FROM pg_stat_activity
					WHERE application_name = 'limani' AND wait_event_type = 'Lock'`);
				assert.equal(rows.length, count);
			});
		await other.query("BEGIN; SELECT reached FROM counters WHERE name LIKE 'clock-%' ORDER BY name FOR UPDATE");
		const noticed = noticing.objects.watchClock(jump);
		// First come, first served.
		await waiting(1);
		const told = [starting.objects.watchClock(), running.objects.watchClock({ now, elapsedMs: 0 })];
		await waiting(3);
		await other.query("COMMIT");

		const { now: at, jumpedAt } = await noticed;
		assert.equal(jumpedAt, at);
		for (const look of told) assert.equal((await look).jumpedAt, at);
	});
}
