import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Engine } from "#/metadata/sql/engine/engine.ts";
import { openHost } from "#/metadata/sqlite/open-engine.ts";
import { openLedger, sqliteLedger, temporaryDirectory } from "../support/sqlite-ledger.ts";

const signal = new AbortController().signal;
const unavailable = (error: unknown) => error instanceof MetadataError && error.code === "UNAVAILABLE";

test("a read sees every write that was acknowledged before it, bytes and all", async (t) => {
	const { engine } = await openLedger(t);
	const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
	await engine.write("append", { text: "a", bytes });
	assert.deepEqual(await engine.read("texts", undefined), ["a"]);
	assert.deepEqual(await engine.read("bytesOf", "a"), bytes);
});

test("commands that are asked for at once share their commits", async (t) => {
	const { engine } = await openLedger(t);
	const before = Number(await engine.write("commitsSoFar", undefined));
	await Promise.all(Array.from({ length: 1000 }, (_, index) => engine.write("append", { text: `${index}` })));
	const commits = Number(await engine.write("commitsSoFar", undefined)) - before;
	assert.equal(await engine.read("count", undefined), 1000);
	assert.ok(commits <= 100, `1000 commands took ${commits} commits`);
	const texts = await engine.read("texts", undefined);
	assert.deepEqual(
		texts,
		Array.from({ length: 1000 }, (_, index) => `${index}`),
	);
});

test("a command that throws is undone alone", async (t) => {
	const { engine } = await openLedger(t);
	const outcomes = await Promise.allSettled([
		engine.write("append", { text: "first" }),
		engine.write("append", { text: "second", fail: true }),
		engine.write("spoil", undefined),
		engine.write("nonsense", undefined),
		engine.write("append", { text: "last" }),
	]);
	assert.deepEqual(
		outcomes.map(({ status }) => status),
		["fulfilled", "rejected", "rejected", "rejected", "fulfilled"],
	);
	assert.deepEqual(await engine.read("texts", undefined), ["first", "last"]);
	await assert.rejects(engine.write("append", { text: "third", fail: true }), /^Error: no to third$/);
});

test("a command that only COMMIT finds at fault takes no other with it", async (t) => {
	const { engine } = await openLedger(t);
	const [before, dangling, after] = await Promise.allSettled([
		engine.write("append", { text: "before" }),
		engine.write("dangle", undefined),
		engine.write("append", { text: "after" }),
	]);
	assert.equal(before.status, "fulfilled");
	assert.equal(dangling.status, "rejected");
	assert.equal(after.status, "fulfilled");
	assert.deepEqual(await engine.read("texts", undefined), ["before", "after"]);
});

test("an input that cannot be sent is refused alone", async (t) => {
	const { engine } = await openLedger(t);
	const [unsendable, sent] = await Promise.allSettled([
		engine.write("append", { text: () => "code" }),
		engine.write("append", { text: "sent" }),
	]);
	assert.equal(unsendable.status, "rejected");
	assert.equal(sent.status, "fulfilled");
});

test("a command with the same id runs once, and answers alike after a restart of the writer", async (t) => {
	const { engine } = await openLedger(t);
	const once = () => engine.write("append", { text: "once" }, { id: "request-1" });
	const [first, second] = await Promise.all([once(), once()]);
	assert.deepEqual(second, first);
	await assert.rejects(engine.write("exit", undefined), unavailable);
	await untilWritable(engine);
	assert.deepEqual(await once(), first);
	assert.deepEqual(await engine.read("texts", undefined), ["once"]);
});

test("a command that threw may be repeated with its id", async (t) => {
	const { engine } = await openLedger(t);
	await assert.rejects(engine.write("append", { text: "x", fail: true }, { id: "request-2" }));
	await engine.write("append", { text: "x" }, { id: "request-2" });
	assert.deepEqual(await engine.read("texts", undefined), ["x"]);
});

test("when the writer dies, what it had not answered is UNAVAILABLE and another takes its place", async (t) => {
	const { engine, warnings } = await openLedger(t);
	await engine.write("append", { text: "kept" });
	const pending = await Promise.allSettled([
		engine.write("append", { text: "lost" }),
		engine.write("exit", undefined),
		engine.write("append", { text: "never run" }),
	]);
	for (const outcome of pending) assert.ok(outcome.status === "rejected" && unavailable(outcome.reason));
	await assert.rejects(engine.write("append", { text: "too early" }), unavailable);
	await assert.rejects(engine.ping(signal), unavailable);
	assert.deepEqual(await engine.read("texts", undefined), ["kept"]);

	await untilWritable(engine);
	await engine.write("append", { text: "after" });
	assert.deepEqual(await engine.read("texts", undefined), ["kept", "after"]);
	assert.equal(warnings.length, 1);
});

test("a database that is opened again has everything, and closing leaves no log behind", async (t) => {
	const directory = temporaryDirectory(t);
	{
		await using engine = await openHost(directory, sqliteLedger, () => {});
		await engine.write("append", { text: "kept" });
	}
	assert.equal(existsSync(join(directory, "metadata.db-wal")), false);
	await using again = await openHost(directory, sqliteLedger, () => {});
	assert.deepEqual(await again.read("texts", undefined), ["kept"]);
});

test("closing answers what was asked for before", async (t) => {
	const directory = temporaryDirectory(t);
	const engine = await openHost(directory, sqliteLedger, () => {});
	const asked = Promise.all(Array.from({ length: 600 }, (_, index) => engine.write("append", { text: `${index}` })));
	await new Promise((resolve) => setImmediate(resolve));
	await engine[Symbol.asyncDispose]();
	assert.equal((await asked).length, 600);
	await assert.rejects(engine.write("append", { text: "late" }), unavailable);
});

test("a snapshot stays as it was while writes go on, and queries of several statements see one instant", async (t) => {
	const { engine } = await openLedger(t);
	await engine.write("append", { text: "before" });
	await using snapshot = await engine.openSnapshot(signal);
	await engine.write("append", { text: "after" });
	assert.deepEqual(await snapshot.read("texts", undefined), ["before"]);
	assert.deepEqual(await snapshot.read("countTwice", undefined), [1, 1]);
	assert.deepEqual(await engine.read("countTwice", undefined), [2, 2]);
	await using later = await engine.openSnapshot(signal);
	assert.deepEqual(await later.read("count", undefined), 2);
	await assert.rejects(snapshot.read("nonsense", undefined), /no query nonsense/);
});

test("a signal that is aborted stops reads and pings", async (t) => {
	const { engine } = await openLedger(t);
	await engine.ping(signal);
	const aborted = AbortSignal.abort(new Error("enough"));
	await assert.rejects(engine.read("texts", undefined, aborted), /enough/);
	await assert.rejects(engine.ping(aborted), /enough/);
	await assert.rejects(engine.openSnapshot(aborted), /enough/);
});

async function untilWritable(engine: Engine): Promise<void> {
	for (let attempt = 0; attempt < 200; attempt++) {
		try {
			return await engine.ping(signal);
		} catch {
			await sleep(25);
		}
	}
	assert.fail("no writer came back");
}
