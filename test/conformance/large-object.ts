import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";
import { KIB, MIB, never, noise, throughJson } from "./blob-store/bench.ts";

const PIECE = noise(64 * KIB);

/** Where the process that begins the object ends, and where the object does, in MiB. */
const [HANDED_OVER, TOTAL] = [77, 160];

/** Most bytes by which the process may grow meanwhile: some parts, and what the collector has not yet collected. */
const MAX_GROWTH = 256 * MIB;

/**
 * Registers the test that a large object goes on in another process, with bounded memory.
 *
 * @param open a store with its usual part size, as a process of its own has it
 */
export function largeObjectConformance(name: string, skip: string | false, open: () => Promise<BlobStore>): void {
	test(`${name}: ${TOTAL} MiB go on in another process, with bounded memory`, { skip, timeout: 120_000 }, async () => {
		const before = process.memoryUsage.rss();
		await using first = await open();
		const writer = await first.write("large", {}, never);
		await appendMib(writer, 0, HANDED_OVER);
		const state = throughJson(await writer.checkpoint(never));
		await appendMib(writer, 0, 20);
		await writer[Symbol.asyncDispose]();
		assert.ok(JSON.stringify(state).length < 2 * KIB, "a state that fits a row");

		await using second = await open();
		await using resumed = await second.resume("large", state, {}, never);
		await appendMib(resumed, HANDED_OVER, TOTAL);
		assert.equal(await resumed.digest("sha256", never), digestOfMib(TOTAL));
		await resumed.commit(never);
		assert.equal((await second.stat("large", never))?.size, TOTAL * MIB);
		const grown = process.memoryUsage.rss() - before;
		assert.ok(grown < MAX_GROWTH, `grew by ${Math.round(grown / MIB)} MiB`);
		await second.delete("large", undefined, never);
	});
}

/** Appends so many MiB, each different from the one before, as a socket brings them. */
async function appendMib(writer: BlobWriter, from: number, to: number): Promise<void> {
	for (let mib = from; mib < to; mib++) for (let i = 0; i < 16; i++) await writer.append(pieceOf(mib, i));
}

function pieceOf(mib: number, i: number): Uint8Array {
	const piece = new Uint8Array(PIECE);
	piece[0] = mib;
	piece[1] = i;
	return piece;
}

function digestOfMib(to: number): string {
	const hash = createHash("sha256");
	for (let mib = 0; mib < to; mib++) for (let i = 0; i < 16; i++) hash.update(pieceOf(mib, i));
	return `sha256:${hash.digest("hex")}`;
}
