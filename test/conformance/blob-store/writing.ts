import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import {
	appendAll,
	assertBytes,
	assertStoreError,
	type BlobStoreCase,
	KIB,
	listKeys,
	MIB,
	never,
	noise,
	put,
	read,
} from "./bench.ts";

/** More than any driver may hold of one writer. */
const STALLED_MIB = 96;

/** Writing objects in one go. */
export const writingCases: readonly BlobStoreCase[] = [
	{
		name: "an object shows under its key only when it is committed",
		async run({ store, key, prefix }) {
			await using writer = await store.write(key("hidden"), {}, never);
			await appendAll(writer, noise(2 * MIB));
			await writer.checkpoint(never);
			assert.equal(await store.stat(key("hidden"), never), undefined);
			await assertStoreError("NOT_FOUND", () => store.open(key("hidden"), never));
			await writer.commit(never);
			assert.equal((await store.stat(key("hidden"), never))?.size, 2 * MIB);
			assert.deepEqual(await listKeys(store, prefix), [key("hidden")]);
		},
	},
	{
		name: "a writer counts its bytes and gives their digest in both algorithms at any time",
		async run({ store, key }) {
			for (const size of [0, 5000, 3 * MIB + 7]) {
				const bytes = noise(size);
				for (const algorithm of ["sha256", "sha512"] as const) {
					await using writer = await store.write(key(`${algorithm}-${size}`), { algorithm }, never);
					await appendAll(writer, bytes.subarray(0, size >> 1));
					assert.equal(writer.offset, size >> 1);
					assert.equal(await writer.digest(algorithm, never), digestOf(bytes.subarray(0, size >> 1), algorithm));
					await appendAll(writer, bytes.subarray(size >> 1));
					assert.equal(writer.offset, size);
					for (const asked of ["sha256", "sha512", algorithm] as const) {
						assert.equal(await writer.digest(asked, never), digestOf(bytes, asked));
					}
					await writer.commit(never);
				}
			}
		},
	},
	{
		name: "the size told beforehand changes nothing of what is written",
		async run({ store, key }) {
			for (const size of [0, 1, 900 * KIB, 9 * MIB]) {
				const bytes = noise(size);
				await using writer = await store.write(key(`sized-${size}`), { size }, never);
				await appendAll(writer, bytes, 100_000);
				assert.equal(await writer.digest("sha256", never), digestOf(bytes));
				await writer.commit(never);
				assertBytes(await read(store, key(`sized-${size}`)), bytes);
			}
		},
	},
	{
		name: "pieces of every size arrive in order",
		async run({ store, key }) {
			const bytes = noise(7 * MIB + 5);
			await using writer = await store.write(key("pieces"), {}, never);
			const sizes = [1, 0, 3, 70_000, 1, 900_000, 17, 2_500_000, 64 * KIB, bytes.byteLength];
			let at = 0;
			for (const size of sizes) {
				await writer.append(new Uint8Array(bytes.subarray(at, at + size)));
				at = Math.min(bytes.byteLength, at + size);
			}
			assert.equal(await writer.digest("sha256", never), digestOf(bytes));
			await writer.commit(never);
			assertBytes(await read(store, key("pieces")), bytes);
		},
	},
	{
		name: "a piece that shares its memory takes no other bytes with it",
		async run({ store, key }) {
			const bytes = noise(6 * MIB);
			const shared = Buffer.from(bytes);
			await using writer = await store.write(key("views"), {}, never);
			for (let at = 0; at < shared.byteLength; at += 200_000) await writer.append(shared.subarray(at, at + 200_000));
			await writer.commit(never);
			assertBytes(shared, bytes, "the shared memory");
			assertBytes(await read(store, key("views")), bytes);
		},
	},
	{
		name: "commit may be repeated, and abort after it changes nothing",
		async run({ store, key }) {
			const writer = await store.write(key("twice"), {}, never);
			await appendAll(writer, noise(70_000));
			await writer.commit(never);
			await writer.commit(never);
			await writer.abort(never);
			await writer[Symbol.asyncDispose]();
			await writer[Symbol.asyncDispose]();
			assertBytes(await read(store, key("twice")), noise(70_000));
		},
	},
	{
		name: "a spent writer takes no more bytes",
		async run({ store, key }) {
			const committed = await store.write(key("committed"), {}, never);
			await committed.commit(never);
			await assert.rejects(() => committed.append(noise(1)));
			const aborted = await store.write(key("aborted"), {}, never);
			await aborted.abort(never);
			await assert.rejects(() => aborted.append(noise(1)));
			await assert.rejects(() => aborted.commit(never));
			assert.equal(await store.stat(key("aborted"), never), undefined);
		},
	},
	{
		name: "abort leaves nothing behind, before and after a checkpoint, small and large",
		async run({ store, key, prefix }) {
			for (const size of [0, 1000, 12 * MIB]) {
				for (const isCheckpointed of [false, true]) {
					await using writer = await store.write(key(`gone-${size}-${isCheckpointed}`), {}, never);
					await appendAll(writer, noise(size));
					if (isCheckpointed) await writer.checkpoint(never);
					await writer.abort(never);
					await writer.abort(never);
				}
			}
			assert.deepEqual(await listKeys(store, prefix), []);
		},
	},
	{
		name: "a write that left no checkpoint may be begun anew",
		async run({ store, key, harness }) {
			const first = await store.write(key("anew"), {}, never);
			await appendAll(first, noise(6 * MIB));
			await first[Symbol.asyncDispose]();
			await using again = await harness.reopen();
			await using second = await again.write(key("anew"), {}, never);
			await appendAll(second, noise(5000));
			await second.commit(never);
			assertBytes(await read(again, key("anew")), noise(5000));
		},
	},
	{
		name: "delete removes the finished object, and a key that is not there is a success",
		async run({ store, key, prefix }) {
			await put(store, key("finished"), noise(100));
			await store.delete(key("finished"), undefined, never);
			assert.equal(await store.stat(key("finished"), never), undefined);
			await store.delete(key("finished"), undefined, never);
			await store.delete(key("never/was"), undefined, never);
			assert.deepEqual(await listKeys(store, prefix), []);
		},
	},
	{
		name: "delete removes what is staged, with and without the writer's state",
		async run({ store, key, prefix, harness }) {
			for (const size of [1000, 11 * MIB]) {
				for (const isStateKnown of [true, false]) {
					const staged = key(`staged-${size}-${isStateKnown}`);
					const writer = await store.write(staged, {}, never);
					await appendAll(writer, noise(size));
					const state = await writer.checkpoint(never);
					await writer[Symbol.asyncDispose]();
					await using again = await harness.reopen();
					await again.delete(staged, isStateKnown ? state : undefined, never);
					await assertStoreError("NOT_FOUND", () => again.resume(staged, state, {}, never));
				}
			}
			assert.deepEqual(await listKeys(store, prefix), []);
		},
	},
	{
		name: "writers of different keys do not disturb one another",
		async run({ store, key }) {
			const sizes = [0, 1, 40_000, 900_000, 1_100_000, 3 * MIB, 6 * MIB + 1, 8 * MIB];
			await Promise.all(
				sizes.map(async (size, index) => {
					const bytes = noise(size, index);
					await using writer = await store.write(key(`writer-${index}`), {}, never);
					await appendAll(writer, bytes, 50_000);
					assert.equal(await writer.digest("sha256", never), digestOf(bytes));
					await writer.commit(never);
				}),
			);
			for (const [index, size] of sizes.entries()) {
				assertBytes(await read(store, key(`writer-${index}`)), noise(size, index));
			}
		},
	},
	{
		name: "a writer holds its producer back while the store takes nothing, and goes on afterwards",
		needs: "stall",
		async run({ store, key, harness }) {
			await using writer = await store.write(key("stalled"), {}, never);
			const goOn = harness.stall?.();
			let taken = 0;
			const producing = (async () => {
				for (; taken < STALLED_MIB; taken++) await writer.append(noise(MIB, taken));
			})();
			for (let seen = -1; seen !== taken; ) {
				seen = taken;
				await sleep(300);
			}
			assert.ok(taken < STALLED_MIB / 2, `${taken} MiB were taken while nothing could be written`);
			goOn?.();
			await producing;
			await writer.commit(never);
			const bytes = await read(store, key("stalled"));
			for (let i = 0; i < STALLED_MIB; i++) assertBytes(bytes.subarray(i * MIB, (i + 1) * MIB), noise(MIB, i));
		},
	},
];
