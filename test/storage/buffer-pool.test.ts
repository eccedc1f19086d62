import assert from "node:assert/strict";
import { test } from "node:test";
import { isMarkedAsUntransferable } from "node:worker_threads";
import { BufferPool } from "#/storage/buffer-pool.ts";

test("a pool lends no more than its bound, and again after a buffer came back", () => {
	const pool = new BufferPool({ bufferBytes: 1024, limitBytes: 3 * 1024 + 1000 });
	const lent = [pool.take(), pool.take(), pool.take()];
	assert.ok(lent.every((buffer) => buffer?.byteLength === 1024));
	assert.equal(new Set(lent).size, 3);
	assert.equal(pool.take(), undefined);
	assert.equal(pool.lent, 3);
	const [first] = lent;
	assert.ok(first !== undefined);
	pool.give(first);
	assert.equal(pool.lent, 2);
	assert.equal(pool.take(), first);
	assert.equal(pool.take(), undefined);
});

test("a pool has 128 buffers of 512 KiB unless told otherwise", () => {
	const pool = new BufferPool();
	let count = 0;
	while (pool.take() !== undefined) count++;
	assert.equal(count, 128);
	assert.equal(pool.bufferBytes, 512 * 1024);
});

test("a pooled buffer can not be moved to another thread", () => {
	const buffer = new BufferPool().take();
	assert.ok(buffer !== undefined);
	assert.ok(isMarkedAsUntransferable(buffer.buffer));
	assert.throws(() => structuredClone(buffer, { transfer: [buffer.buffer] }));
});
