import assert from "node:assert/strict";
import { test } from "node:test";
import { TransferBudget } from "#/client/transfer-budget.ts";
import { ManualTiming } from "../support/manual-timing.ts";

const { signal } = new AbortController();

async function* pieces(count: number, size: number): AsyncGenerator<Uint8Array> {
	for (let i = 0; i < count; i++) yield new Uint8Array(size);
}

/** Counts the bytes that come. */
const drain = async (bytes: AsyncIterable<Uint8Array>, seen: (length: number) => void): Promise<void> => {
	for await (const piece of bytes) seen(piece.byteLength);
};

test("transfers together go no faster than the rate, and each of them goes on", async () => {
	const timing = new ManualTiming();
	const budget = new TransferBudget(timing, { bytesPerSecond: 1_000, concurrency: 2 });
	const got = [0, 0];
	const transfers = [0, 1].map((i) =>
		drain(budget.pace(pieces(100, 100), signal), (length) => {
			got[i] = (got[i] ?? 0) + length;
		}),
	);
	await timing.advance(0);
	await timing.advance(2_000);
	const [first = 0, second = 0] = got;
	// A quarter of a second may come ahead.
	assert.ok(first + second <= 2_250 && first + second >= 2_000, `${first} and ${second}`);
	assert.ok(Math.abs(first - second) <= 200, `${first} and ${second}`);
	await timing.advance(20_000);
	await Promise.all(transfers);
	assert.deepEqual(got, [10_000, 10_000]);
});

test("a large piece is cut, so that no byte waits for a second more than it has to", async () => {
	const timing = new ManualTiming();
	const budget = new TransferBudget(timing, { bytesPerSecond: 1_000, concurrency: 1 });
	const lengths: number[] = [];
	const transfer = drain(budget.pace(pieces(1, 3_500), signal), (length) => lengths.push(length));
	await timing.advance(10_000);
	await transfer;
	assert.deepEqual(lengths, [1_000, 1_000, 1_000, 500]);
});

test("without a rate, bytes pass as they come", async () => {
	const budget = new TransferBudget(new ManualTiming(), { concurrency: 1 });
	const lengths: number[] = [];
	await drain(budget.pace(pieces(3, 70_000), signal), (length) => lengths.push(length));
	assert.deepEqual(lengths, [70_000, 70_000, 70_000]);
});

test("so many tasks run at the same time, and those that wait get their turn in order", async () => {
	const budget = new TransferBudget(new ManualTiming(), { concurrency: 2 });
	const order: number[] = [];
	const ends: (() => void)[] = [];
	const runs = [0, 1, 2, 3].map((i) =>
		budget.run(() => {
			order.push(i);
			return new Promise<void>((resolve) => ends.push(resolve));
		}, signal),
	);
	await Promise.resolve();
	assert.deepEqual(order, [0, 1]);
	ends[1]?.();
	await runs[1];
	await new Promise(setImmediate);
	assert.deepEqual(order, [0, 1, 2]);
	ends[0]?.();
	await runs[0];
	await new Promise(setImmediate);
	assert.deepEqual(order, [0, 1, 2, 3]);
	for (const end of ends) end();
	await Promise.all(runs);
});

test("who gives up waiting leaves its place to others", async () => {
	const budget = new TransferBudget(new ManualTiming(), { concurrency: 1 });
	const ended = new AbortController();
	const { promise, resolve } = Promise.withResolvers<void>();
	const first = budget.run(() => promise, signal);
	const second = budget.run(() => assert.fail("it ran"), ended.signal);
	const third = budget.run(() => Promise.resolve("done"), signal);
	ended.abort(new Error("enough"));
	await assert.rejects(second, /enough/);
	resolve();
	await first;
	assert.equal(await third, "done");
});
