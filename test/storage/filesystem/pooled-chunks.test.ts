import assert from "node:assert/strict";
import { test } from "node:test";
import type { Chunk } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { type PositionedRead, pooledChunks } from "#/storage/filesystem/pooled-chunks.ts";
import { assertStoreError, KIB, MIB, never } from "../../conformance/blob-store/bench.ts";

/** A file whose bytes tell their position. */
const numbered: PositionedRead = async (target, position) => {
	for (let i = 0; i < target.byteLength; i += 4096) target[i] = ((position + i) / 4096) & 255;
	return target.byteLength;
};

const whole = { start: 0, end: 256 * MIB - 1 };

test("a thousand readers that are all stuck hold the pool and one small chunk each beyond it", async () => {
	const pool = new BufferPool();
	const held: Chunk[] = [];
	const readers = Array.from({ length: 1000 }, () => pooledChunks(numbered, pool, whole, never));
	for (const reader of readers) {
		const { value } = await reader.next();
		if (value) held.push(value);
	}
	assert.equal(pool.lent, 128);
	const small = held.filter(({ bytes }) => bytes.byteLength <= 64 * KIB);
	const pooledBytes = pool.lent * pool.bufferBytes;
	const smallBytes = small.reduce((sum, { bytes }) => sum + bytes.buffer.byteLength, 0);
	assert.ok(pooledBytes <= 64 * MIB);
	assert.ok(smallBytes <= 1000 * 64 * KIB, `${smallBytes} bytes outside of the pool`);
	for (const chunk of held) chunk.release();
	await Promise.all(readers.map((reader) => reader.return()));
	assert.equal(pool.lent, 0);
});

test("a reader that asks for 64 KiB or less takes nothing from the pool and reads nothing ahead", async () => {
	const pool = new BufferPool();
	let reads = 0;
	const counting: PositionedRead = (target, position) => {
		reads++;
		return numbered(target, position);
	};
	const reader = pooledChunks(counting, pool, whole, never, () => 64 * KIB);
	for (let i = 1; i <= 5; i++) {
		const { value } = await reader.next();
		assert.equal(value?.bytes.byteLength, 64 * KIB);
		assert.equal(reads, i);
		assert.equal(pool.lent, 0);
	}
	await reader.return();
});

test("a reader that asks for much has one chunk read ahead, and gives all back when it leaves", async () => {
	const pool = new BufferPool();
	const reader = pooledChunks(numbered, pool, whole, never);
	const first = await reader.next();
	assert.equal(first.value?.bytes.byteLength, 512 * KIB);
	assert.equal(pool.lent, 2);
	first.value?.release();
	assert.equal(pool.lent, 1);
	await reader.return();
	assert.equal(pool.lent, 0);
});

test("a chunk that is released twice gives its buffer back once", async () => {
	const pool = new BufferPool();
	const reader = pooledChunks(numbered, pool, { start: 0, end: 100 * KIB }, never);
	const { value } = await reader.next();
	value?.release();
	value?.release();
	assert.equal(pool.lent, 0);
	assert.notEqual(pool.take(), pool.take());
});

test("an object that ends early is corrupt, and its buffers come back", async () => {
	for (const hint of [64 * KIB, 512 * KIB]) {
		const pool = new BufferPool();
		const short: PositionedRead = async (target, position) =>
			Math.max(0, Math.min(target.byteLength, MIB - 1 - position));
		let taken = 0;
		await assertStoreError("CORRUPT", async () => {
			for await (const chunk of pooledChunks(short, pool, { start: 0, end: 2 * MIB }, never, () => hint)) {
				taken += chunk.bytes.byteLength;
				chunk.release();
			}
		});
		assert.ok(taken < MIB);
		assert.equal(pool.lent, 0);
	}
});

test("a read ahead that fails hurts nobody before its chunk is asked for", async () => {
	const pool = new BufferPool();
	const failing: PositionedRead = (target, position) =>
		position === 0 ? numbered(target, position) : Promise.reject(new Error("EIO"));
	const reader = pooledChunks(failing, pool, whole, never);
	const first = await reader.next();
	await new Promise((resolve) => setImmediate(resolve));
	first.value?.release();
	await assert.rejects(() => reader.next(), /EIO/);
	assert.equal(pool.lent, 0);
});

test("an aborted reader gives its buffers back", async () => {
	const pool = new BufferPool();
	const controller = new AbortController();
	const reader = pooledChunks(numbered, pool, whole, controller.signal);
	const first = await reader.next();
	controller.abort();
	first.value?.release();
	await assert.rejects(() => reader.next());
	assert.equal(pool.lent, 0);
});
