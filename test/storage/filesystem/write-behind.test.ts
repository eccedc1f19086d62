import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { WriteBehind } from "#/storage/filesystem/write-behind.ts";
import { KIB, MIB } from "../../conformance/blob-store/bench.ts";

interface Write {
	readonly bytes: number;
	readonly position: number;
	readonly finish: (error?: Error) => Promise<void>;
}

/** A queue whose writes end when the test says so. */
function openQueue(budget = new ByteBudget(64 * MIB), position = 0): { queue: WriteBehind; writes: Write[] } {
	const writes: Write[] = [];
	const write = (pieces: readonly Uint8Array[], at: number): Promise<void> => {
		const { promise, resolve, reject } = Promise.withResolvers<void>();
		const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
		const finish = async (error?: Error): Promise<void> => {
			if (error) reject(error);
			else resolve();
			await turn();
		};
		writes.push({ bytes, position: at, finish });
		return promise;
	};
	return { queue: new WriteBehind({ write, budget }, position), writes };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isPending = async (promise: Promise<unknown>): Promise<boolean> => {
	let isSettled = false;
	promise.then(
		() => (isSettled = true),
		() => (isSettled = true),
	);
	await turn();
	return !isSettled;
};

test("pieces are written at once when nothing is under way, and together when something is", async () => {
	const { queue, writes } = openQueue(undefined, 1000);
	await queue.push(new Uint8Array(10));
	for (let i = 0; i < 4; i++) await queue.push(new Uint8Array(30 * KIB));
	assert.deepEqual(
		writes.map(({ bytes, position }) => [bytes, position]),
		[[10, 1000]],
	);
	await writes[0]?.finish();
	assert.deepEqual([writes[1]?.bytes, writes[1]?.position], [120 * KIB, 1010]);
	const drained = queue.drain();
	assert.ok(await isPending(drained));
	await writes[1]?.finish();
	await drained;
});

test("draining sends out what waited for more, and afterwards little waits again", async () => {
	const { queue, writes } = openQueue();
	for (let i = 0; i < 3; i++) await queue.push(new Uint8Array(10 * KIB));
	assert.equal(writes.length, 1);
	const drained = queue.drain();
	assert.deepEqual(
		writes.map(({ bytes }) => bytes),
		[10 * KIB, 20 * KIB],
	);
	for (const { finish } of writes) await finish();
	await drained;
	for (let i = 0; i < 2; i++) await queue.push(new Uint8Array(10 * KIB));
	assert.equal(writes.length, 3);
	await writes[2]?.finish();
	await writes[3]?.finish();
});

test("at most two writes are under way, of at most 512 KiB where the pieces are smaller", async () => {
	const { queue, writes } = openQueue();
	for (let i = 0; i < 23; i++) await queue.push(new Uint8Array(64 * KIB));
	assert.equal(writes.length, 2);
	for (let i = 0; i < writes.length; i++) await writes[i]?.finish();
	assert.ok(writes.every(({ bytes }) => bytes <= 512 * KIB));
	assert.equal(
		writes.reduce((sum, { bytes }) => sum + bytes, 0),
		23 * 64 * KIB,
	);
	await queue.drain();
});

test("a producer is held back beyond a backlog of 1.5 MiB, and at once when the shared budget is spent", async () => {
	const { queue, writes } = openQueue();
	await queue.push(new Uint8Array(1536 * KIB));
	const held = queue.push(new Uint8Array(1));
	assert.ok(await isPending(held));
	await writes[0]?.finish();
	await held;

	const budget = new ByteBudget(100 * KIB);
	const one = openQueue(budget);
	const other = openQueue(budget);
	await one.queue.push(new Uint8Array(90 * KIB));
	const waiting = other.queue.push(new Uint8Array(20 * KIB));
	assert.ok(await isPending(waiting));
	await other.writes[0]?.finish();
	await waiting;
	await one.writes[0]?.finish();
	assert.equal(budget.taken, 0);
});

test("the first failure is everybody's, and gives the budget back", async () => {
	const budget = new ByteBudget(64 * MIB);
	const { queue, writes } = openQueue(budget);
	await queue.push(new Uint8Array(MIB));
	await queue.push(new Uint8Array(300 * KIB));
	await queue.push(new Uint8Array(100 * KIB));
	const drained = assert.rejects(queue.drain(), /first/);
	await writes[0]?.finish(new Error("first"));
	await drained;
	await writes[1]?.finish(new Error("second"));
	await assert.rejects(queue.push(new Uint8Array(1)), /first/);
	await queue.settle();
	assert.equal(writes.length, 2);
	assert.equal(budget.taken, 0);
});

test("settling waits for what is under way and drops what is not", async () => {
	const budget = new ByteBudget(64 * MIB);
	const { queue, writes } = openQueue(budget);
	await queue.push(new Uint8Array(10));
	await queue.push(new Uint8Array(20));
	const settled = queue.settle();
	assert.ok(await isPending(settled));
	await writes[0]?.finish();
	await settled;
	assert.equal(writes.length, 1);
	assert.equal(budget.taken, 0);
});
