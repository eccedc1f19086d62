import assert from "node:assert/strict";
import { digestOf } from "#/oci/digest.ts";
import {
	appendAll,
	assertBytes,
	assertStoreError,
	type Bench,
	type BlobStoreCase,
	listKeys,
	MIB,
	never,
	noise,
	read,
	throughJson,
} from "./bench.ts";

/** Where uploads are interrupted: nothing, less and more than a part of any object store, and odd. */
const OFFSETS = [0, 3, 1_200_000, 7 * MIB + 5, 17 * MIB];

/** Going on with unfinished objects. */
export const resumingCases: readonly BlobStoreCase[] = [
	{
		name: "an unfinished object is gone on with by another process, and its digest is right in both algorithms",
		async run(bench) {
			for (const algorithm of ["sha256", "sha512"] as const) {
				for (const offset of OFFSETS) {
					const key = bench.key(`${algorithm}-${offset}`);
					const bytes = noise(offset + 2 * MIB + 3);
					const writer = await bench.store.write(key, { algorithm }, never);
					await appendAll(writer, bytes.subarray(0, offset));
					const state = throughJson(await writer.checkpoint(never));
					await writer[Symbol.asyncDispose]();

					await using again = await bench.harness.reopen();
					await using resumed = await again.resume(key, state, { algorithm }, never);
					assert.equal(resumed.offset, offset);
					await appendAll(resumed, bytes.subarray(offset));
					assert.equal(resumed.offset, bytes.byteLength);
					assert.equal(await resumed.digest(algorithm, never), digestOf(bytes, algorithm));
					assert.equal(await resumed.digest("sha256", never), digestOf(bytes, "sha256"));
					await resumed.commit(never);
					assertBytes(await read(again, key), bytes);
				}
			}
		},
	},
	{
		name: "bytes that came after the checkpoint are dropped",
		async run(bench) {
			for (const offset of OFFSETS) {
				const key = bench.key(`dropped-${offset}`);
				const bytes = noise(offset, 1);
				const writer = await bench.store.write(key, {}, never);
				await appendAll(writer, bytes);
				const state = throughJson(await writer.checkpoint(never));
				await appendAll(writer, noise(6 * MIB, 2));
				await writer[Symbol.asyncDispose]();

				await using again = await bench.harness.reopen();
				await using resumed = await again.resume(key, state, {}, never);
				assert.equal(resumed.offset, offset);
				assert.equal(await resumed.digest("sha256", never), digestOf(bytes));
				await resumed.commit(never);
				assertBytes(await read(again, key), bytes);
			}
		},
	},
	{
		name: "an object is gone on with at an earlier checkpoint when the later one was never noted",
		run: (bench) => resumeEarlier(bench),
	},
	{
		name: "a writer stays usable after each of its checkpoints, and so does every process after it",
		async run(bench) {
			const key = bench.key("relay");
			const bytes = noise(13 * MIB + 1);
			let writer = await bench.store.write(key, {}, never);
			for (let at = 0, turn = 0; at < bytes.byteLength; at += 1_300_000, turn++) {
				await appendAll(writer, bytes.subarray(at, at + 1_300_000));
				const state = throughJson(await writer.checkpoint(never));
				if (turn % 2 === 0) continue;
				await writer[Symbol.asyncDispose]();
				writer = await bench.store.resume(key, state, {}, never);
			}
			assert.equal(await writer.digest("sha256", never), digestOf(bytes));
			await writer.commit(never);
			assertBytes(await read(bench.store, key), bytes);
			assert.deepEqual(await listKeys(bench.store, bench.prefix), [key]);
		},
	},
	{
		name: "nothing is gone on with that was never begun, or was aborted, deleted or finished",
		async run({ store, key }) {
			const begun = await store.write(key("begun"), {}, never);
			await appendAll(begun, noise(9 * MIB));
			const state = throughJson(await begun.checkpoint(never));
			await assertStoreError("NOT_FOUND", () => store.resume(key("other"), state, {}, never));
			await begun.commit(never);
			await assertStoreError("NOT_FOUND", () => store.resume(key("begun"), state, {}, never));
			for (const end of ["abort", "delete"] as const) {
				const writer = await store.write(key(end), {}, never);
				await appendAll(writer, noise(9 * MIB));
				const last = throughJson(await writer.checkpoint(never));
				if (end === "abort") await writer.abort(never);
				await writer[Symbol.asyncDispose]();
				if (end === "delete") await store.delete(key(end), last, never);
				await assertStoreError("NOT_FOUND", () => store.resume(key(end), last, {}, never));
			}
		},
	},
	{
		name: "a lost part is noticed when the object is gone on with",
		needs: "dropPart",
		async run({ store, key, harness }) {
			const writer = await store.write(key("lost"), {}, never);
			await appendAll(writer, noise(14 * MIB));
			const state = throughJson(await writer.checkpoint(never));
			await writer[Symbol.asyncDispose]();
			await harness.dropPart?.(key("lost"), state);
			await using again = await harness.reopen();
			await assertStoreError("NOT_FOUND", () => again.resume(key("lost"), state, {}, never));
		},
	},
];

/** What a process does that died between making the second checkpoint and noting it in the upload's row. */
async function resumeEarlier(bench: Bench): Promise<void> {
	for (const offset of OFFSETS) {
		const key = bench.key(`earlier-${offset}`);
		const bytes = noise(offset + 3 * MIB);
		const writer = await bench.store.write(key, {}, never);
		await appendAll(writer, bytes.subarray(0, offset));
		const noted = throughJson(await writer.checkpoint(never));
		await appendAll(writer, noise(6 * MIB + 9, 99));
		await writer.checkpoint(never);
		await writer[Symbol.asyncDispose]();

		await using again = await bench.harness.reopen();
		await using resumed = await again.resume(key, noted, {}, never);
		assert.equal(resumed.offset, offset);
		await appendAll(resumed, bytes.subarray(offset));
		await resumed.checkpoint(never);
		assert.equal(await resumed.digest("sha256", never), digestOf(bytes));
		await resumed.commit(never);
		assertBytes(await read(again, key), bytes);
	}
	assert.deepEqual(
		(await listKeys(bench.store, bench.prefix)).filter((key) => key.endsWith("*")),
		[],
	);
}
