import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../support/eventually.ts";
import { pushBlob } from "../../support/ha/ask.ts";
import { startLimani } from "../../support/limani-process.ts";
import { privatePostgres, query } from "../../support/postgres.ts";

const postgres = privatePostgres();

test("a process whose database a later release has taken over is not ready, and does nothing behind the requests", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using limani = await startLimani({ config: { database: { postgres: { url } } } });
	const unjournaled = async () => (await query(url, "SELECT count(*)::int AS n FROM outbox")).rows[0]?.n;
	await pushBlob(limani.url, "team/app", Buffer.from("before"));
	await eventually(async () => assert.equal(await unjournaled(), 0));
	await query(url, "INSERT INTO migrations (number, name, oldest_reader, applied_at) VALUES (999, 'later', 999, 0)");
	await eventually(() => assert.match(limani.output(), /"housekeeping.ended"/));
	assert.equal((await fetch(`${limani.url}/readyz`)).status, 503);
	// A client whose connection stands may still come.
	await pushBlob(limani.url, "team/app", Buffer.from("after"));
	await sleep(3_000);
	assert.ok((await unjournaled()) > 0, "the journal is written every second where somebody writes it");
});
