import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { on, once } from "node:events";
import { type TestContext, test } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { ipcChannel } from "#/metadata/sqlite/ipc-channel.ts";
import { openGuest, openHost } from "#/metadata/sqlite/open-engine.ts";
import { openLedger, sqliteLedger, temporaryDirectory } from "../support/sqlite-ledger.ts";

const program = new URL("../support/ledger-process.ts", import.meta.url);
const signal = new AbortController().signal;
const unavailable = (error: unknown) => error instanceof MetadataError && error.code === "UNAVAILABLE";

test("two processes write 2,000 entries at once through one writer and none is lost", async (t) => {
	const { engine, directory } = await openLedger(t);
	const guests = await Promise.all([start(t, "guest", directory), start(t, "guest", directory)]);
	for (const guest of guests) engine.serve(ipcChannel(guest));
	const answers = await Promise.all(
		guests.map(async (guest) => {
			guest.send(1000);
			for await (const [message] of on(guest, "message")) if (Array.isArray(message)) return message.map(String);
			return [];
		}),
	);
	const acknowledged = answers.flat();
	assert.equal(acknowledged.length, 2000);
	const texts = await engine.read("texts", undefined);
	assert.ok(Array.isArray(texts));
	assert.deepEqual(texts.toSorted(), acknowledged.toSorted());
	assert.equal(await engine.read("counter", "shared"), 2000);
	const commits = Number(await engine.write("commitsSoFar", undefined));
	assert.ok(commits < 2000, `4000 commands took ${commits} commits`);
});

test("a guest that is killed leaves the host and its data whole", async (t) => {
	const { engine, directory } = await openLedger(t);
	const guest = await start(t, "guest", directory);
	engine.serve(ipcChannel(guest));
	guest.send(100_000);
	while (Number(await engine.read("count", undefined)) < 200) await new Promise((resolve) => setTimeout(resolve, 5));
	guest.kill("SIGKILL");
	await once(guest, "exit");
	await engine.write("append", { text: "after" });
	const texts = await engine.read("texts", undefined);
	assert.ok(Array.isArray(texts) && texts.length >= 201);
	assert.equal(texts.at(-1), "after");
});

test("when the host is killed, a guest's writes are UNAVAILABLE, it goes on reading, and the directory is free", async (t) => {
	const directory = temporaryDirectory(t);
	const host = await start(t, "host", directory);
	await using guest = openGuest(directory, ipcChannel(host), sqliteLedger);
	await guest.write("append", { text: "kept" });
	await assert.rejects(
		openHost(directory, sqliteLedger, () => {}),
		inUse(directory),
	);

	const pending = Array.from({ length: 50 }, (_, index) => guest.write("append", { text: `${index}` }));
	host.kill("SIGKILL");
	const outcomes = await Promise.allSettled(pending);
	assert.ok(outcomes.every((outcome) => outcome.status === "fulfilled" || unavailable(outcome.reason)));
	await assert.rejects(guest.write("append", { text: "late" }), unavailable);
	await assert.rejects(guest.ping(signal), unavailable);

	await using next = await openHost(directory, sqliteLedger, () => {});
	const texts = await next.read("texts", undefined);
	assert.ok(Array.isArray(texts));
	assert.equal(texts[0], "kept");
	assert.ok(texts.length > outcomes.filter(({ status }) => status === "fulfilled").length);
	assert.deepEqual(await guest.read("texts", undefined), texts);
});

test("a directory is had by one host only, within a process too", async (t) => {
	const { directory } = await openLedger(t);
	await assert.rejects(
		openHost(directory, sqliteLedger, () => {}),
		inUse(directory),
	);
});

function inUse(directory: string) {
	return (error: unknown) => unavailable(error) && String(error).includes(`${directory} is in use by another process`);
}

async function start(t: TestContext, role: "host" | "guest", directory: string): Promise<ChildProcess> {
	const child = fork(program, [role, directory], { serialization: "advanced" });
	t.after(() => child.kill("SIGKILL"));
	const [message] = await once(child, "message");
	assert.equal(message, "ready");
	return child;
}
