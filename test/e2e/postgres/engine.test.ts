import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { openEngine } from "#/metadata/postgres/open-engine.ts";
import type { Engine, Program } from "#/metadata/sql/engine/engine.ts";
import { eventually } from "../../support/eventually.ts";
import { ledger } from "../../support/ledger.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { SilentProxy } from "../../support/silent-proxy.ts";

const postgres = privatePostgres();
const signal = new AbortController().signal;
const unavailable = (error: unknown) => error instanceof MetadataError && error.code === "UNAVAILABLE";

test("a read sees every write that was acknowledged before it, bytes and all", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engine = await open(t, url);
	const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
	await engine.write("append", { text: "a", bytes });
	assert.deepEqual(await engine.read("texts", undefined), ["a"]);
	assert.deepEqual(await engine.read("bytesOf", "a"), bytes);
	await engine.ping(signal);
});

test("a command that throws is undone, also when only COMMIT finds it at fault", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engine = await open(t, url);
	await assert.rejects(engine.write("append", { text: "x", fail: true }), /^Error: no to x$/);
	await assert.rejects(engine.write("dangle", undefined), /foreign key/);
	await assert.rejects(engine.write("spoil", undefined), /nowhere/);
	await assert.rejects(engine.write("nonsense", undefined), /no command nonsense/);
	await engine.write("append", { text: "y" });
	assert.deepEqual(await engine.read("texts", undefined), ["y"]);
});

test("two processes' worth of connections count to 400 on one row without losing one", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engines = [await open(t, url), await open(t, url)];
	await Promise.all(engines.flatMap((engine) => Array.from({ length: 200 }, () => engine.write("increment", "n"))));
	assert.equal(await engines[0]?.read("counter", "n"), 400);
});

test("a command with the same id runs once, also at once on two connections", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engines = [await open(t, url), await open(t, url)];
	const answers = await Promise.all(
		Array.from({ length: 10 }, (_, index) =>
			engines[index % 2]?.write("append", { text: "once" }, { id: "request-1" }),
		),
	);
	for (const answer of answers) assert.deepEqual(answer, answers[0]);
	assert.deepEqual(await engines[0]?.read("texts", undefined), ["once"]);
});

test("many processes may migrate one database at once", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await Promise.all(Array.from({ length: 4 }, () => open(t, url)));
	const { rows } = await query(url, "SELECT number::int FROM migrations ORDER BY number");
	assert.deepEqual(
		rows.map((row) => row.number),
		[1, 2],
	);
});

test("a schema of a newer release is refused", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await open(t, url);
	await query(url, "INSERT INTO migrations VALUES (9, 'newer', 9, 0)");
	await assert.rejects(
		open(t, url),
		(error) => error instanceof MetadataError && error.code === "SCHEMA" && /schema 9.*up to 2/.test(error.message),
	);
});

test("a snapshot stays as it was while writes go on, and queries of several statements see one instant", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engine = await open(t, url);
	await engine.write("append", { text: "before" });
	await using snapshot = await engine.openSnapshot(signal);
	await engine.write("append", { text: "after" });
	assert.deepEqual(await Promise.all([snapshot.read("texts", undefined), snapshot.read("countTwice", undefined)]), [
		["before"],
		[1, 1],
	]);
	assert.deepEqual(await engine.read("countTwice", undefined), [2, 2]);
	assert.deepEqual(await engine.read("countTwice", undefined), [2, 2]);
	await assert.rejects(snapshot.read("nonsense", undefined), /no query nonsense/);
});

test("time is the server's, close to now", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engine = await open(t, url);
	const now = Number(await engine.write("now", undefined));
	assert.ok(Math.abs(now - Date.now()) < 5000);
});

test("a connection that the server closed is replaced without the caller noticing", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engine = await open(t, url);
	await engine.write("append", { text: "before" });
	await query(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'limani'");
	await engine.write("append", { text: "after" });
	await query(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'limani'");
	assert.deepEqual(await engine.read("texts", undefined), ["before", "after"]);
});

test("a connection that is closed in the middle of a command is replaced, and the command is run once", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	let killed = 0;
	const cut: Program["commands"][string] = function* () {
		yield { sql: "INSERT INTO entries (text, at) VALUES ('cut', 0)", params: [] };
		if (killed++ === 0) yield { sql: "SELECT pg_terminate_backend(pg_backend_pid())", params: [] };
	};
	const engine = await open(t, url, { ...ledger, commands: { ...ledger.commands, cut } });
	await engine.write("cut", undefined);
	assert.equal(killed, 2);
	assert.deepEqual(await engine.read("texts", undefined), ["cut"]);
});

test("a table that changed under a prepared statement is read anew", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const everything: Program["queries"][string] = function* () {
		return (yield { sql: "SELECT * FROM entries", params: [] }).length;
	};
	const engine = await open(t, url, { ...ledger, queries: { ...ledger.queries, everything } });
	assert.equal(await engine.read("everything", undefined), 0);
	await query(url, "ALTER TABLE entries ADD COLUMN later TEXT");
	assert.equal(await engine.read("everything", undefined), 0);
});

test("with the server gone everything is UNAVAILABLE, and with the server back it goes on", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const engine = await open(t, url);
	await engine.write("append", { text: "kept" });
	const acknowledged = ["kept"];
	const load = Array.from({ length: 50 }, async (_, lane) => {
		for (let turn = 0; turn < 200; turn++) {
			await engine.write("append", { text: `${lane}/${turn}` });
			acknowledged.push(`${lane}/${turn}`);
		}
	});
	const failures = Promise.allSettled(load);
	while (acknowledged.length < 100) await new Promise((resolve) => setTimeout(resolve, 5));
	await postgres.crash();
	for (const outcome of await failures) assert.ok(outcome.status === "rejected" && unavailable(outcome.reason));
	await assert.rejects(engine.read("texts", undefined), unavailable);
	await assert.rejects(engine.ping(signal), unavailable);
	await assert.rejects(engine.openSnapshot(signal), unavailable);

	await postgres.start();
	const texts = await engine.read("texts", undefined);
	assert.ok(Array.isArray(texts));
	const lost = acknowledged.filter((text) => !texts.includes(text));
	assert.deepEqual(lost, []);
	await engine.write("append", { text: "after" });
});

test("a read whose caller went away while it waited for a connection asks the server nothing", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	let ran = 0;
	const slow: Program["queries"][string] = function* () {
		return (yield { sql: "SELECT pg_sleep(1)", params: [] }).length;
	};
	const counted: Program["queries"][string] = function* () {
		const rows = yield { sql: "SELECT 1", params: [] };
		ran += 1;
		return rows.length;
	};
	const engine = await open(t, url, { ...ledger, queries: { ...ledger.queries, slow, counted } });
	const busy = Array.from({ length: 4 }, () => engine.read("slow", undefined));
	const leaving = new AbortController();
	const left = Array.from({ length: 5 }, () => engine.read("counted", undefined, leaving.signal));
	const stayed = engine.read("counted", undefined);
	leaving.abort(new Error("the client went away"));
	for (const outcome of await Promise.allSettled(left)) assert.equal(outcome.status, "rejected");
	assert.equal(await stayed, 1);
	assert.equal(ran, 1);
	await Promise.all(busy);
});

test("with the server gone without a word everything is UNAVAILABLE in seconds, then at once, until it is back", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using proxy = await SilentProxy.open(Number(new URL(url).port));
	const past = new URL(url);
	past.port = String(proxy.port);
	const slow: Program["queries"][string] = function* () {
		return (yield { sql: "SELECT pg_sleep(7)", params: [] }).length;
	};
	const engine = await open(t, past.href, { ...ledger, queries: { ...ledger.queries, slow } });
	await engine.write("append", { text: "before" });
	assert.equal(await engine.read("slow", undefined), 1, "a statement may take long while nothing else is asked");

	proxy.fallSilent();
	const failed = async (calls: readonly Promise<unknown>[]): Promise<number> => {
		const from = performance.now();
		for (const outcome of await Promise.allSettled(calls)) {
			assert.ok(outcome.status === "rejected" && unavailable(outcome.reason));
		}
		return performance.now() - from;
	};
	// More than there are connections.
	const first = await failed(Array.from({ length: 8 }, (_, n) => engine.write("append", { text: `lost ${n}` })));
	assert.ok(first < 12_000, `${first} ms`);
	const next = await failed([engine.read("texts", undefined), engine.ping(signal), engine.openSnapshot(signal)]);
	assert.ok(next < 500, `${next} ms`);

	proxy.speak();
	await eventually(() => engine.ping(signal));
	const texts = await engine.read("texts", undefined);
	assert.ok(Array.isArray(texts) && texts.includes("before"));
	await engine.write("append", { text: "after" });
});

test("who is cut off in the middle of a transaction keeps nobody from its rows for long", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using proxy = await SilentProxy.open(Number(new URL(url).port));
	const past = new URL(url);
	past.port = String(proxy.port);
	let held = 0;
	const hold: Program["commands"][string] = function* (name, { dialect }) {
		yield { sql: `SELECT value FROM counters WHERE name = ?${dialect.forUpdate}`, params: [String(name)] };
		held += 1;
		proxy.fallSilent();
		yield { sql: "UPDATE counters SET value = 100 WHERE name = ?", params: [String(name)] };
	};
	const engine = await open(t, url);
	await engine.write("increment", "n");
	const cut = await open(t, past.href, { ...ledger, commands: { ...ledger.commands, hold } });
	const lost = assert.rejects(cut.write("hold", "n"), unavailable);
	await until(async () => held > 0);
	assert.equal(await engine.write("increment", "n"), 2, "it waits for no longer than a statement may");
	await lost;
	proxy.speak();
	await eventually(() => cut.ping(signal));
	assert.equal(await cut.read("counter", "n"), 2, "nothing comes of it when it is back");
});

test("a server that would lose acknowledged writes is refused, a connection that would is corrected", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await query(url, `ALTER DATABASE ${new URL(url).pathname.slice(1)} SET synchronous_commit = off`);
	const setting: Program["queries"][string] = function* () {
		return (yield { sql: "SELECT current_setting('synchronous_commit') AS it", params: [] })[0]?.it;
	};
	const engine = await open(t, url, { ...ledger, queries: { setting } });
	assert.equal(await engine.read("setting", undefined), "on");

	await query(url, "ALTER SYSTEM SET full_page_writes = off");
	await query(url, "SELECT pg_reload_conf()");
	try {
		await until(async () => (await query(url, "SHOW full_page_writes")).rows[0].full_page_writes === "off");
		await assert.rejects(open(t, url), (error) => unavailable(error) && /full_page_writes off/.test(String(error)));
	} finally {
		await query(url, "ALTER SYSTEM RESET full_page_writes");
		await query(url, "SELECT pg_reload_conf()");
	}
});

async function open(t: TestContext, url: string, program: Program = ledger): Promise<Engine> {
	const engine = await openEngine({ url, maxConnections: 4 }, { warn: () => {}, random: Math.random }, program);
	t.after(() => engine[Symbol.asyncDispose]());
	return engine;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
	while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}
