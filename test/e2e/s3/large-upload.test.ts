import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";
import { KIB, MIB, never, noise, throughJson } from "../../conformance/blob-store/bench.ts";
import { openTestStore, privateS3, s3Servers } from "../../support/s3.ts";

const PIECE = noise(64 * KIB);

/** Appends so many MiB, each different from the one before, as a socket brings them. */
async function appendMib(writer: BlobWriter, from: number, to: number): Promise<void> {
	for (let mib = from; mib < to; mib++) {
		for (let i = 0; i < 16; i++) await writer.append(pieceOf(mib, i));
		await turn();
	}
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

async function readDigest(store: BlobStore, key: string): Promise<string> {
	const hash = createHash("sha256");
	await using blob = await store.open(key, never);
	for await (const chunk of blob.chunks(undefined, never)) {
		hash.update(chunk.bytes);
		chunk.release();
	}
	return `sha256:${hash.digest("hex")}`;
}

for (const name of s3Servers) {
	const server = privateS3(name);

	test(`s3 on ${name}: 200 MiB go on in another process, in parts of 16 MiB`, { skip: server.skip }, async () => {
		const partSize = 16 * MIB;
		await using first = await openTestStore(await server.endpoint(), { partSize });
		const writer = await first.write("large/resumed", {}, never);
		await appendMib(writer, 0, 117);
		const state = throughJson(await writer.checkpoint(never));
		await appendMib(writer, 0, 30);
		await writer[Symbol.asyncDispose]();
		assert.ok(JSON.stringify(state).length < 2 * KIB, "a state that fits a row");

		await using second = await openTestStore(await server.endpoint(), { partSize: 5 * MIB });
		const resumed = await second.resume("large/resumed", state, {}, never);
		await appendMib(resumed, 117, 200);
		assert.equal(await resumed.digest("sha256", never), digestOfMib(200));
		await resumed.commit(never);
		assert.equal((await second.stat("large/resumed", never))?.size, 200 * MIB);
		assert.equal(await readDigest(second, "large/resumed"), digestOfMib(200));
	});

	test(`s3 on ${name}: memory stays bounded while 512 MiB go through`, { skip: server.skip }, async () => {
		await using store = await openTestStore(await server.endpoint(), { partSize: 16 * MIB });
		const before = process.memoryUsage.rss();
		let peak = before;
		await using writer = await store.write("large/bounded", {}, never);
		for (let mib = 0; mib < 512; mib += 8) {
			await appendMib(writer, mib, mib + 8);
			peak = Math.max(peak, process.memoryUsage.rss());
		}
		await writer.commit(never);
		const grown = Math.round((peak - before) / MIB);
		assert.ok(grown < 256, `grew by ${grown} MiB`);
		await store.delete("large/bounded", undefined, never);
	});
}
