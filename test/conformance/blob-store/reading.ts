import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { ByteRange } from "#/storage/blob-store.ts";
import { assertBytes, assertStoreError, type BlobStoreCase, KIB, MIB, never, noise, put, read } from "./bench.ts";

const DAY_MS = 86_400_000;

/** Reading finished objects. */
export const readingCases: readonly BlobStoreCase[] = [
	{
		name: "a small object comes back as it was written",
		async run({ store, key }) {
			const bytes = noise(1234);
			await put(store, key("small"), bytes);
			assertBytes(await read(store, key("small")), bytes);
			const stat = await store.stat(key("small"), never);
			assert.equal(stat?.key, key("small"));
			assert.equal(stat?.size, 1234);
			if (stat?.modifiedAt !== undefined) assert.ok(Math.abs(Date.now() - stat.modifiedAt) < DAY_MS);
		},
	},
	{
		name: "an object of 24 MiB comes back as it was written",
		async run({ store, key }) {
			const bytes = noise(24 * MIB + 123);
			await put(store, key("large"), bytes);
			assertBytes(await read(store, key("large")), bytes);
			assert.equal((await store.stat(key("large"), never))?.size, bytes.byteLength);
		},
	},
	{
		name: "an empty object is an object without chunks",
		async run({ store, key }) {
			await put(store, key("empty"), noise(0));
			assert.equal((await store.stat(key("empty"), never))?.size, 0);
			await using blob = await store.open(key("empty"), never);
			assert.equal(blob.size, 0);
			for await (const _ of blob.chunks(undefined, never)) assert.fail("a chunk of nothing");
		},
	},
	{
		name: "a range gives exactly its bytes",
		async run({ store, key }) {
			const bytes = noise(2 * MIB + 11);
			const last = bytes.byteLength - 1;
			await put(store, key("ranges"), bytes);
			const ranges: readonly ByteRange[] = [
				{ start: 0, end: 0 },
				{ start: last, end: last },
				{ start: 777_777, end: 777_777 },
				{ start: 0, end: 99 },
				{ start: 65_535, end: 65_536 },
				{ start: 500_000, end: 1_600_000 },
				{ start: last - 511, end: last },
				{ start: 1, end: last },
				{ start: 0, end: last },
			];
			for (const range of ranges) {
				const expected = bytes.subarray(range.start, range.end + 1);
				assertBytes(await read(store, key("ranges"), range), expected, `bytes ${range.start}-${range.end}`);
				assertBytes(await read(store, key("ranges"), range, () => 64 * KIB), expected, "the same in small chunks");
			}
		},
	},
	{
		name: "a reader gets no more at a time than it asks for, and at most one chunk is read ahead",
		async run({ store, key }) {
			const bytes = noise(3 * MIB);
			await put(store, key("hints"), bytes);
			await using blob = await store.open(key("hints"), never);
			for (const wanted of [16 * KIB, 64 * KIB, 256 * KIB]) {
				let asked = 0;
				const chunks = blob.chunks(undefined, never, () => {
					asked++;
					return wanted;
				});
				let taken = 0;
				let position = 0;
				for await (const chunk of chunks) {
					assert.ok(chunk.bytes.byteLength <= wanted, `${chunk.bytes.byteLength} bytes where ${wanted} were asked for`);
					assertBytes(chunk.bytes, bytes.subarray(position, position + chunk.bytes.byteLength));
					position += chunk.bytes.byteLength;
					chunk.release();
					taken++;
					if (taken < 3) await sleep(5);
					assert.ok(asked <= taken + 1, `${asked} chunks begun when ${taken} were taken`);
				}
				assert.equal(position, bytes.byteLength);
			}
		},
	},
	{
		name: "a reader that asks for less on its way gets the same bytes",
		async run({ store, key }) {
			const bytes = noise(4 * MIB + 1);
			await put(store, key("changing"), bytes);
			let asked = 0;
			const hint = (): number => (asked++ % 3 === 0 ? 512 * KIB : 32 * KIB);
			assertBytes(await read(store, key("changing"), undefined, hint), bytes);
		},
	},
	{
		name: "readers of one object do not disturb one another",
		async run({ store, key }) {
			const bytes = noise(5 * MIB);
			await put(store, key("shared"), bytes);
			const starts = [0, 1, 1_000_000, 3 * MIB, 5 * MIB - 1];
			await Promise.all(
				starts.map(async (start) => {
					const end = bytes.byteLength - 1;
					assertBytes(await read(store, key("shared"), { start, end }), bytes.subarray(start));
				}),
			);
			await using blob = await store.open(key("shared"), never);
			await Promise.all(
				starts.map(async (start) => {
					const pieces: Uint8Array[] = [];
					for await (const chunk of blob.chunks({ start, end: bytes.byteLength - 1 }, never)) {
						pieces.push(new Uint8Array(chunk.bytes));
						chunk.release();
					}
					assertBytes(Buffer.concat(pieces), bytes.subarray(start));
				}),
			);
		},
	},
	{
		name: "a reader may leave in the middle",
		async run({ store, key }) {
			const bytes = noise(3 * MIB);
			await put(store, key("left"), bytes);
			for (let round = 0; round < 10; round++) {
				await using blob = await store.open(key("left"), never);
				for await (const chunk of blob.chunks(undefined, never)) {
					chunk.release();
					break;
				}
			}
			assertBytes(await read(store, key("left")), bytes);
		},
	},
	{
		name: "disposing an open object ends the reads of it",
		async run({ store, key }) {
			await put(store, key("closed"), noise(4 * MIB));
			const blob = await store.open(key("closed"), never);
			const chunks = blob.chunks(undefined, never, () => 64 * KIB)[Symbol.asyncIterator]();
			const first = await chunks.next();
			assert.equal(first.done, false);
			first.value?.release();
			await blob[Symbol.asyncDispose]();
			await assert.rejects(async () => {
				// A chunk that was read ahead may still come.
				for (let more = await chunks.next(); more.done !== true; more = await chunks.next()) more.value.release();
			});
			await blob[Symbol.asyncDispose]();
		},
	},
	{
		name: "an unknown key has no stat and cannot be opened",
		async run({ store, key }) {
			assert.equal(await store.stat(key("unknown"), never), undefined);
			await assertStoreError("NOT_FOUND", () => store.open(key("unknown"), never));
			await assertStoreError("NOT_FOUND", () => store.open(key("unknown/below"), never));
			assert.equal(await store.stat(key("unknown/below"), never), undefined);
		},
	},
];
