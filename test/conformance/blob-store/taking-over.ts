import assert from "node:assert/strict";
import { digestOf } from "#/oci/digest.ts";
import type { BlobStore, BlobWriter, WriterState } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import {
	appendAll,
	assertBytes,
	type Bench,
	type BlobStoreCase,
	MIB,
	never,
	noise,
	read,
	throughJson,
} from "./bench.ts";

/** What a process may do with an upload that another one has meanwhile. */
const lateDeeds: Readonly<Record<string, (writer: BlobWriter) => Promise<unknown>>> = {
	append: (writer) => appendAll(writer, noise(MIB, 66)),
	checkpoint: async (writer) => {
		await appendAll(writer, noise(5 * MIB, 67));
		await writer.checkpoint(never);
	},
	commit: (writer) => writer.commit(never),
	abort: (writer) => writer.abort(never),
	dispose: async (writer) => await writer[Symbol.asyncDispose](),
};

/** Going on with the object of a writer that was not seen to end. */
export const takingOverCases: readonly BlobStoreCase[] = Object.entries(lateDeeds).flatMap(([deed, late]) => [
	{
		name: `a lost writer's ${deed} does not change an object that another one goes on with`,
		run: (bench: Bench) => takeOver(bench, late, 5 * MIB + 7),
	},
	{
		name: `a lost writer's ${deed} does not change an object that another one begins anew`,
		run: (bench: Bench) => takeOver(bench, late, undefined),
	},
]);

/** @param noted the last checkpoint that is known of, in bytes; undefined: none */
async function takeOver(
	{ store, harness, key: keyOf }: Bench,
	late: (writer: BlobWriter) => Promise<unknown>,
	noted: number | undefined,
): Promise<void> {
	for (const moment of ["before", "after"] as const) {
		const key = keyOf(`taken-${moment}`);
		const bytes = noise((noted ?? 0) + MIB);
		const lost = await store.write(key, {}, never);
		await appendAll(lost, bytes.subarray(0, noted ?? 0));
		const state = noted === undefined ? undefined : throughJson(await lost.checkpoint(never));
		await appendAll(lost, noise(MIB, 65));

		const again = await harness.reopen();
		const writer = await open(again, key, state);
		const deed = async (): Promise<void> => {
			await late(lost).catch(assertFailure);
		};
		await appendAll(writer, bytes.subarray(noted ?? 0));
		if (moment === "before") await deed();
		const isFinished = await finish(writer, bytes);
		if (moment === "after") await deed();
		// A driver may be unable to keep the object from a lost writer; then nobody has it, but never with other bytes.
		if (isFinished) assertBytes(await read(again, key), bytes);
		if (moment === "after" || harness.fencesWriters === true) assert.ok(isFinished);
		await lateDeeds.dispose?.(lost).catch(assertFailure);
		if (isFinished) assertBytes(await read(again, key), bytes);
		await again.delete(key, undefined, never);
	}
}

const open = async (store: BlobStore, key: string, state: WriterState | undefined): Promise<BlobWriter> =>
	state === undefined ? store.write(key, { takeover: 2 }, never) : store.resume(key, state, { takeover: 2 }, never);

/** Whether the object was finished, with these bytes. */
async function finish(writer: BlobWriter, bytes: Buffer): Promise<boolean> {
	try {
		assert.equal(await writer.digest("sha256", never), digestOf(bytes));
		await writer.commit(never);
		return true;
	} catch (error) {
		assertFailure(error);
		return false;
	}
}

/** Only failures of the store, or of a writer that is spent, are expected. */
function assertFailure(error: unknown): void {
	assert.ok(error instanceof StoreError || (error instanceof Error && /spent/.test(error.message)), `${error}`);
}
