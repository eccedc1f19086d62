import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { assertBytes, assertStoreError, KIB, MIB, never, noise } from "../../conformance/blob-store/bench.ts";

/** A thread and a descriptor of a new file. */
function openThread(): Disposable & { thread: IoThread; fd: number; path: string } {
	const folder = mkdtempSync(join(tmpdir(), "limani-thread-"));
	const path = join(folder, "file");
	const fd = openSync(path, "w+");
	const thread = new IoThread();
	return {
		thread,
		fd,
		path,
		[Symbol.dispose]: () => {
			closeSync(fd);
			rmSync(folder, { recursive: true });
		},
	};
}

test("the thread writes what it gets and hashes it, together with what was in the file before", async () => {
	using open = openThread();
	await using thread = open.thread;
	const bytes = noise(3 * MIB);
	writeFileSync(open.path, bytes.subarray(0, MIB));
	const sink = thread.sink(open.fd, "sha512", MIB);
	const moved = new Uint8Array(bytes.subarray(MIB, 2 * MIB));
	await sink.write([moved, bytes.subarray(2 * MIB)], MIB);
	assert.equal(moved.byteLength, 0, "memory of its own is moved, not copied");
	assert.equal(await sink.digest(), digestOf(bytes, "sha512"));
	await sink.end();
	assertBytes(readFileSync(open.path), bytes);
	assert.equal(await thread.hash(open.fd, 2 * MIB + 5, "sha256", never), digestOf(bytes.subarray(0, 2 * MIB + 5)));
});

test("a pooled buffer is copied to the thread, not taken from the pool", async () => {
	using open = openThread();
	await using thread = open.thread;
	const pooled = new BufferPool().take();
	assert.ok(pooled !== undefined);
	pooled.fill(7);
	await thread.sink(open.fd, "sha256", 0).write([pooled], 0);
	assert.equal(pooled.byteLength, 512 * KIB);
	assertBytes(readFileSync(open.path), pooled);
});

test("a failed write keeps the operating system's code", async () => {
	using open = openThread();
	await using thread = open.thread;
	const full = openSync("/dev/full", "w");
	try {
		await assert.rejects(thread.sink(full, "sha256", 0).write([noise(10)], 0), { code: "ENOSPC" });
	} finally {
		closeSync(full);
	}
});

test("hashing a file that is shorter than it should be says corrupt", async () => {
	using open = openThread();
	await using thread = open.thread;
	writeFileSync(open.path, noise(1000));
	await assertStoreError("CORRUPT", () => thread.hash(open.fd, 1001, "sha256", never));
});

test("hashing a whole file lets writes of others through, and stops when the signal fires", async () => {
	using open = openThread();
	await using thread = open.thread;
	writeFileSync(open.path, noise(64 * MIB));
	const controller = new AbortController();
	const reason = new Error("gone");
	const hashing = assert.rejects(
		thread.hash(open.fd, 64 * MIB, "sha512", controller.signal),
		(error) => error === reason,
	);
	const sink = thread.sink(open.fd, "sha256", 0);
	await sink.write([noise(10)], 0);
	assert.equal(await sink.digest(), digestOf(noise(10)));
	controller.abort(reason);
	await hashing;
	assert.equal(await thread.hash(open.fd, 10, "sha256", never), digestOf(noise(10)));
});

test("when the thread dies, what it had fails, and the next use starts another one", async () => {
	using open = openThread();
	const { thread } = open;
	const sink = thread.sink(open.fd, "sha256", 0);
	await sink.write([noise(10)], 0);
	await thread[Symbol.asyncDispose]();
	await assertStoreError("UNAVAILABLE", () => sink.write([noise(10)], 10));
	await sink.end();
	assert.equal(await thread.hash(open.fd, 10, "sha256", never), digestOf(noise(10)));
	await thread[Symbol.asyncDispose]();
});
