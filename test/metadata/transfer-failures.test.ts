import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { program } from "#/metadata/sql/program.ts";
import { FollowingExecutor } from "#/metadata/sql/transfer/following-executor.ts";
import { Generation } from "#/metadata/sqlite/generation.ts";
import { openSqlite } from "#/metadata/sqlite/index.ts";
import { serveWriter } from "#/metadata/sqlite/writer-server.ts";
import { fillTable } from "../support/filled-tables.ts";
import { openInspectedMetadata } from "../support/sqlite-metadata.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { TransferLife } from "../support/transfer-life.ts";

test("a target that lost what it had confirmed does not serve as if it were whole", async () => {
	await using source = await openInspectedMetadata();
	await using target = await openInspectedMetadata();
	const claim = {
		identity: "mine",
		transfer: "t",
		tables: await source.executor.read("transfer.tables", undefined),
		schema: await source.executor.read("transfer.schema", undefined),
	};
	const { fence } = await target.executor.write("transfer.claim", claim);
	const arrive = () => target.executor.write("transfer.arrive", { transfer: "t" });
	await assert.rejects(arrive(), /REFUSED|only a part of the metadata that moved to it/);
	const settled = { fence, tables: claim.tables, numbers: [], sourceNow: source.clock.now };
	await target.executor.write("transfer.settle", settled);
	await assert.rejects(target.executor.write("transfer.raiseFence", { transfer: "t" }), /taken over/);
	await arrive();
	await arrive();
	assert.equal((await target.executor.read("transfer.arrival", undefined))?.state, "whole");
});

test("an older copy of a registry that moved ends, for its metadata is elsewhere", async () => {
	await using source = await openInspectedMetadata();
	await using older = await openInspectedMetadata();
	await using target = await openInspectedMetadata();
	for (const on of [source, older]) await on.executor.write("origins.identify", { candidate: "one" });
	const first = new TransferLife({ source: source.executor, target: target.executor });
	await first.ended();
	assert.ok(first.moved);
	const life = new TransferLife({ source: older.executor, target: target.executor });
	await life.ended();
	assert.equal(Reflect.get(Object(life.torn), "code"), "ARRIVED");
	assert.deepEqual(life.failures, []);
});

test("while writes are held only tables of few rows and few bytes are compared whole", async () => {
	await using source = await openInspectedMetadata();
	await using target = await openInspectedMetadata();
	for (let number = 10; number < 16; number++) fillTable(source, "manifests", number);
	source.rows("UPDATE manifests SET payload = zeroblob(1000000)");
	for (let number = 10; number < 16; number++) fillTable(source, "tags", number);
	const whole = new Set<string>();
	const read: typeof target.executor.read = (name, input, signal) => {
		const { table, range } = Object(input);
		if (name === "transfer.digest" && Object.keys(range).length === 0) whole.add(table.name);
		return target.executor.read(name, input, signal);
	};
	const there = target.executor;
	const executor: SqlExecutor = {
		read,
		write: there.write.bind(there),
		openSnapshot: there.openSnapshot.bind(there),
		ping: there.ping.bind(there),
		[Symbol.asyncDispose]: async () => undefined,
	};
	const limits = { maxRows: 2 };
	const life = new TransferLife({ source: source.executor, target: executor, limits });
	await life.ended();
	assert.ok(life.moved);
	assert.ok(whole.has("tags"));
	assert.ok(!whole.has("manifests"));
});

test("a database that is away when it is to take its mark is waited for, with writes held", async () => {
	await using source = await openInspectedMetadata();
	await using target = await openInspectedMetadata();
	let left = 30;
	const before = (name: string): void => {
		if (name === "transfer.arrive" && left-- > 0) throw new MetadataError("UNAVAILABLE", "away");
	};
	const life = new TransferLife({ source: source.executor, target: target.executor, before });
	await life.ended();
	assert.equal(life.torn, undefined);
	assert.ok(life.moved);
	assert.equal(life.failures.length, 1);
});

test("what catches changes is gone before a later release's migrations, and stays while there are none", async (t) => {
	const directory = temporaryDirectory(t);
	const found: boolean[] = [];
	{
		await using opened = await openSqlite({ directory }, { warn: () => undefined });
		const tables = await opened.read("transfer.tables", undefined);
		await opened.write("transfer.beginCapture", { tables });
	}
	const number = program.migrations.length + 1;
	const later = { number, name: "later", oldestReader: number, statements: () => ["CREATE TABLE later (id INTEGER)"] };
	for (const migrations of [program.migrations, [...program.migrations, later]]) {
		const { port1, port2 } = new MessageChannel();
		const said = once(port2, "message");
		const file = join(directory, "metadata.db");
		await serveWriter({ port: port1, file, generation: new Generation() }, { ...program, migrations });
		await said;
		port2.close();
		using db = new DatabaseSync(file);
		found.push(db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'trigger'").all().length > 0);
	}
	assert.deepEqual(found, [true, false]);
});

test("who follows the metadata reads it nowhere but where it went", async () => {
	await using source = await openInspectedMetadata();
	await using target = await openInspectedMetadata();
	await using other = await openInspectedMetadata();
	const life = new TransferLife({ source: source.executor, target: target.executor });
	await life.ended();
	const departure = await source.executor.read("transfer.departure", undefined);
	const found: { departure?: typeof departure } = {};
	const watch = { find: () => found.departure, [Symbol.dispose]: () => undefined };
	const follow = (executor: SqlExecutor | undefined) =>
		new FollowingExecutor({ source: source.executor, target: executor, watch });
	const followers = [follow(target.executor), follow(other.executor), follow(undefined)];
	const read = () => Promise.allSettled(followers.map((follower) => follower.read("transfer.arrival", undefined)));
	assert.deepEqual(
		(await read()).map(({ status }) => status),
		["fulfilled", "fulfilled", "fulfilled"],
	);
	found.departure = departure;
	const [there, elsewhere, nowhere] = await read();
	assert.equal(there?.status === "fulfilled" && there.value?.state, "whole");
	for (const refused of [elsewhere, nowhere]) {
		assert.match(String(refused?.status === "rejected" && refused.reason), /the metadata moved to another/);
	}
});
