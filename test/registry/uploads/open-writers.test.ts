import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RegistryEvent } from "#/registry/report.ts";
import { OpenWriters } from "#/registry/uploads/open-writers.ts";
import type { BlobWriter } from "#/storage/blob-store.ts";

const unused = async (): Promise<never> => assert.fail("not expected");

/** A writer that notes when it is closed. */
const writerNamed = (name: string, closed: string[], failure?: Error): BlobWriter => ({
	offset: 0,
	append: unused,
	checkpoint: unused,
	digest: unused,
	commit: unused,
	abort: unused,
	[Symbol.asyncDispose]: async () => {
		closed.push(name);
		if (failure !== undefined) throw failure;
	},
});

const setUp = (opts: { readonly max: number; readonly idleMs: number }) => {
	const closed: string[] = [];
	const events: RegistryEvent[] = [];
	const writers = new OpenWriters({ ...opts, report: (event) => events.push(event) });
	return { writers, closed, events };
};

test("a parked writer is given back once, still open", () => {
	const { writers, closed } = setUp({ max: 2, idleMs: 60_000 });
	const writer = writerNamed("a", closed);
	writers.park("a", writer);
	assert.equal(writers.take("a"), writer);
	assert.equal(writers.take("a"), undefined);
	assert.deepEqual(closed, []);
});

test("beyond the bound the one that waited longest is closed", () => {
	const { writers, closed } = setUp({ max: 2, idleMs: 60_000 });
	for (const name of ["a", "b"]) writers.park(name, writerNamed(name, closed));
	const a = writers.take("a");
	assert.ok(a);
	writers.park("a", a);
	writers.park("c", writerNamed("c", closed));
	assert.deepEqual(closed, ["b"]);
	assert.equal(writers.take("b"), undefined);
	assert.ok(writers.take("a"));
});

test("a writer that waits for too long is closed; one that was taken out is not", async () => {
	const { writers, closed } = setUp({ max: 4, idleMs: 20 });
	for (const name of ["a", "b"]) writers.park(name, writerNamed(name, closed));
	writers.take("b");
	await sleep(60);
	assert.deepEqual(closed, ["a"]);
});

test("closing all leaves none, and a failure to close is reported, not thrown", async () => {
	const { writers, closed, events } = setUp({ max: 4, idleMs: 60_000 });
	writers.park("a", writerNamed("a", closed, new Error("EIO")));
	writers.park("b", writerNamed("b", closed));
	await writers.closeAll();
	assert.deepEqual(closed.sort(), ["a", "b"]);
	assert.deepEqual(
		events.map(({ event }) => event),
		["upload.close-failed"],
	);
});
