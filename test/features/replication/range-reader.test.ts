import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { RemoteError } from "#/client/remote-error.ts";
import type { BlobSpan, RemoteBlob } from "#/client/remote-registry.ts";
import { systemTiming } from "#/client/timing.ts";
import { TransferBudget } from "#/client/transfer-budget.ts";
import { readInRanges } from "#/features/replication/range-reader.ts";
import { forever } from "../../support/registry.ts";

const content = Buffer.from(Array.from({ length: 100_003 }, (_, i) => (i * 7) % 251));
const RANGE = 10_000;

type Answer = (span: BlobSpan) => { readonly from: number; readonly end: number | undefined };

const asAsked: Answer = (span) =>
	typeof span === "number" ? { from: span, end: content.length } : { from: span.offset, end: span.end };
const whole: Answer = () => ({ from: 0, end: undefined });

/** A source, what it was asked, and how many ranges were open at most. */
const openSource = (answer: Answer, { concurrency = 4, waitMs = 1 } = {}) => {
	const asked: BlobSpan[] = [];
	const open = { now: 0, most: 0 };
	const budget = new TransferBudget(systemTiming, { concurrency });
	const deps = {
		open: async (span: BlobSpan): Promise<RemoteBlob> => {
			asked.push(span);
			open.now += 1;
			open.most = Math.max(open.most, open.now);
			const { from, end } = answer(span);
			const bytes = async function* () {
				for (let at = from; at < (end ?? content.length); at += 3_000) {
					await sleep(waitMs);
					yield content.subarray(at, Math.min(at + 3_000, end ?? content.length));
				}
			};
			const closed = async () => {
				open.now -= 1;
			};
			return { offset: from, end, size: content.length, bytes: bytes(), [Symbol.asyncDispose]: closed };
		},
		pace: (bytes: AsyncIterable<Uint8Array>) => bytes,
		borrow: () => budget.borrow(),
		rangeBytes: RANGE,
		maxAhead: 7,
	};
	const read = (offset: number) =>
		budget.run(
			async () => Buffer.concat(await Array.fromAsync(readInRanges(deps, { offset, size: content.length }, forever))),
			forever,
		);
	return { asked, open, budget, deps, read };
};

test("ranges are fetched several at once, within the places there are, and handed on in order", async () => {
	for (const [concurrency, most] of [
		[1, 1],
		[4, 4],
		[20, 8],
	] as const) {
		for (const offset of [0, 1, 99_999]) {
			const { read, open, asked, budget } = openSource(asAsked, { concurrency });
			assert.ok((await read(offset)).equals(content.subarray(offset)), `from ${offset}`);
			const each = concurrency === 1 ? 8 * RANGE : RANGE;
			assert.deepEqual([open.now, asked.length], [0, Math.ceil((content.length - offset) / each)]);
			assert.equal(open.most, offset === 99_999 ? 1 : most);
			for (let i = 0; i < Math.min(concurrency, 7); i++) assert.ok(budget.borrow() !== undefined, "all are back");
		}
	}
});

test("who serves no ranges is asked once and read as one stream", async () => {
	const { read, asked, open } = openSource(whole);
	assert.ok((await read(0)).equals(content));
	assert.deepEqual([asked.length, open.now], [1, 0]);
	assert.ok((await read(25_000)).equals(content.subarray(25_000)));
	assert.deepEqual([asked.length, open.now], [2, 0]);
});

test("who stops serving ranges, or gives others than it is asked for, is read as one stream from there on", async () => {
	for (const other of [
		whole,
		(span: BlobSpan) => {
			const { from, end = 0 } = asAsked(span);
			return { from, end: typeof span === "number" ? end : end - 1_000 };
		},
	]) {
		const { read, open } = openSource((span) =>
			(typeof span === "object" && span.offset >= 30_000 ? other : asAsked)(span),
		);
		assert.ok((await read(0)).equals(content));
		assert.equal(open.now, 0);
	}
});

test("a range that fails or ends too soon fails the blob where it is, and nothing stays open", async () => {
	for (const [why, failing] of [
		["broke", () => Promise.reject(new RemoteError("UNREACHABLE", "broke"))],
		["ended 3000 bytes too soon", undefined],
	] as const) {
		const { deps, open, budget } = openSource(asAsked);
		const opening = async (span: BlobSpan): Promise<RemoteBlob> => {
			if (typeof span === "number" || span.offset !== 40_000) return await deps.open(span);
			if (failing !== undefined) return await failing();
			const blob = await deps.open({ ...span, end: span.end - 3_000 });
			return { ...blob, end: span.end, [Symbol.asyncDispose]: () => blob[Symbol.asyncDispose]() };
		};
		const pieces: Uint8Array[] = [];
		const reading = async () => {
			const span = { offset: 0, size: content.length };
			for await (const piece of readInRanges({ ...deps, open: opening }, span, forever)) pieces.push(piece);
		};
		await assert.rejects(reading(), { message: new RegExp(why) });
		assert.ok(Buffer.concat(pieces).equals(content.subarray(0, 40_000)));
		assert.equal(open.now, 0);
		for (let i = 0; i < 4; i++) assert.ok(budget.borrow() !== undefined, "all places are back");
	}
});

test("who stops reading leaves nothing open, and no place taken", async () => {
	const { deps, open, budget } = openSource(asAsked);
	for await (const piece of readInRanges(deps, { offset: 0, size: content.length }, forever)) {
		assert.ok(piece.byteLength > 0);
		break;
	}
	assert.equal(open.now, 0);
	for (let i = 0; i < 4; i++) assert.ok(budget.borrow() !== undefined);
	assert.equal(budget.borrow(), undefined);
});
