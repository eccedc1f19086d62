import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import type { S3StoreOpts } from "#/storage/s3/s3-store-opts.ts";
import {
	appendAll,
	assertBytes,
	assertStoreError,
	KIB,
	listKeys,
	MIB,
	never,
	noise,
	openBench,
	put,
	read,
	throughJson,
} from "../../conformance/blob-store/bench.ts";
import { blobStoreCases } from "../../conformance/blob-store.ts";
import { type FaultPlan, FaultyProxy } from "../../support/faulty-proxy.ts";
import {
	BehindTheBack,
	openS3Harness,
	openTestStore,
	type PrivateS3,
	privateS3,
	S3_PART_BYTES,
	s3Servers,
} from "../../support/s3.ts";

const SLOW_DOWN =
	'<?xml version="1.0" encoding="UTF-8"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>';

interface Rig {
	readonly proxy: FaultyProxy;
	/** A store whose requests all pass the proxy. */
	readonly store: BlobStore;
	/** One that goes to the server itself. */
	readonly direct: BlobStore;
	readonly behind: BehindTheBack;
	/** In front of the keys of this test. */
	readonly prefix: string;
}

let rigs = 0;

async function openRig(t: TestContext, server: PrivateS3, opts: Partial<S3StoreOpts> = {}): Promise<Rig> {
	const endpoint = await server.endpoint();
	const proxy = new FaultyProxy(endpoint);
	const prefix = `faults-${++rigs}/`;
	const store = await openTestStore(await proxy.start(), { prefix, ...opts });
	const direct = await openTestStore(endpoint, { prefix, ...opts });
	const behind = new BehindTheBack(endpoint);
	t.after(async () => {
		await store[Symbol.asyncDispose]();
		await direct[Symbol.asyncDispose]();
		await proxy[Symbol.asyncDispose]();
		behind.client.destroy();
	});
	return { proxy, store, direct, behind, prefix };
}

/** The plan for the first `count` requests whose `PUT /bucket/key?query` matches. */
function firstOf(count: number, pattern: RegExp, fault: NonNullable<ReturnType<FaultPlan>>): FaultPlan {
	let left = count;
	return ({ method, url }) => (pattern.test(`${method} ${url}`) && left-- > 0 ? fault : undefined);
}

const PART = /^PUT .*partNumber=/;

for (const name of s3Servers) {
	const server = privateS3(name);
	const faultTest = (claim: string, run: (t: TestContext) => Promise<void>): void => {
		test(`s3 on ${name}: ${claim}`, { skip: server.skip, timeout: 120_000 }, run);
	};

	faultTest("connections cut in the middle of parts, and of a small object, cost no upload", async (t) => {
		const { proxy, store, direct } = await openRig(t, server);
		proxy.plan = firstOf(3, /^PUT /, { cutRequestAfter: MIB });
		const bytes = noise(12 * MIB + 5);
		await put(store, "cut", bytes);
		assertBytes(await read(direct, "cut"), bytes);
		assert.ok(proxy.seen.filter((line) => PART.test(line)).length >= 6, "three parts, three of them twice");
		proxy.plan = firstOf(1, /^PUT /, { cutRequestAfter: 100 * KIB });
		await put(store, "small", bytes.subarray(0, MIB));
		assertBytes(await read(direct, "small"), bytes.subarray(0, MIB));
	});

	faultTest("a connection cut in the middle of a read is taken up where it broke", async (t) => {
		const { proxy, store, direct } = await openRig(t, server);
		const bytes = noise(9 * MIB + 1);
		await put(direct, "read", bytes);
		proxy.plan = firstOf(3, /^GET .*read/, { cutAnswerAfter: 2 * MIB });
		assertBytes(await read(store, "read"), bytes);
		proxy.plan = firstOf(1, /^GET .*read/, { cutAnswerAfter: 700_000 });
		assertBytes(await read(store, "read", { start: 5, end: 3_000_004 }), bytes.subarray(5, 3_000_005));
		assert.equal(proxy.seen.filter((line) => /^GET .*read/.test(line)).length, 4 + 2);
	});

	faultTest("a read that never brings a byte ends as unavailable", async (t) => {
		const { proxy, store, direct } = await openRig(t, server);
		await put(direct, "mute", noise(MIB));
		proxy.plan = firstOf(Number.POSITIVE_INFINITY, /^GET .*mute/, { cutAnswerAfter: 0 });
		await assertStoreError("UNAVAILABLE", () => read(store, "mute"));
		assert.equal(proxy.seen.filter((line) => /^GET .*mute/.test(line)).length, 3);
	});

	faultTest("an object that is shorter or longer than it was is corrupt", async (t) => {
		const { direct, behind, prefix } = await openRig(t, server);
		await put(direct, "length", noise(MIB));
		for (const size of [MIB - 1, MIB + 1, 1000]) {
			await put(direct, `length-${size}`, noise(MIB));
			await using blob = await direct.open(`length-${size}`, never);
			await behind.put(`${prefix}length-${size}`, noise(size));
			await assertStoreError("CORRUPT", async () => {
				for await (const chunk of blob.chunks(undefined, never)) chunk.release();
			});
		}
	});

	faultTest("a busy service is asked again, and is unavailable when it stays busy", async (t) => {
		const { proxy, store, direct } = await openRig(t, server);
		const busy = { answer: { status: 503, body: SLOW_DOWN } };
		for (const pattern of [/^PUT /, /^POST .*uploads/, /^POST .*uploadId=/, /^HEAD /]) {
			proxy.plan = firstOf(2, pattern, busy);
			const key = `busy-${proxy.seen.length}`;
			await put(store, key, noise(6 * MIB));
			assertBytes(await read(direct, key), noise(6 * MIB));
		}
		proxy.plan = () => busy;
		await assertStoreError("UNAVAILABLE", () => store.stat("busy", never));
		await assertStoreError("UNAVAILABLE", () => put(store, "refused", noise(100)));
		await assertStoreError("UNAVAILABLE", () => put(store, "refused-parts", noise(11 * MIB)));
		await assertStoreError("UNAVAILABLE", () => store.delete("busy", undefined, never));
		await assertStoreError("UNAVAILABLE", () => listKeys(store, ""));
		proxy.plan = () => undefined;
		await store.delete("refused-parts", undefined, never);
		assert.equal((await listKeys(direct, "refused")).length, 0);
	});

	faultTest("slow answers are waited for, silence is not", async (t) => {
		const { proxy, store, direct } = await openRig(t, server, { idleMs: 1000 });
		const bytes = noise(2 * MIB);
		await put(direct, "slow", bytes);
		proxy.plan = () => ({ pause: 60 });
		assertBytes(await read(store, "slow"), bytes);
		const held = Promise.withResolvers<void>();
		proxy.plan = firstOf(1, /^HEAD /, { hold: held.promise });
		assert.equal((await store.stat("slow", never))?.size, bytes.byteLength, "the second attempt is answered");
		proxy.plan = () => ({ hold: held.promise });
		await assertStoreError("UNAVAILABLE", () => store.stat("slow", never));
		const reason = new Error("the client went away");
		await assert.rejects(
			() => store.stat("slow", AbortSignal.any([AbortSignal.timeout(100)])),
			(error) => error instanceof DOMException && error.name === "TimeoutError",
		);
		await assert.rejects(
			() => store.stat("slow", AbortSignal.abort(reason)),
			(error) => error === reason,
		);
		held.resolve();
	});

	faultTest("a reader that pauses for longer than a connection may be silent gets every byte", async (t) => {
		const { direct } = await openRig(t, server, { idleMs: 500 });
		const bytes = noise(8 * MIB);
		await put(direct, "paused", bytes);
		await using blob = await direct.open("paused", never);
		const pieces: Uint8Array[] = [];
		for await (const chunk of blob.chunks(undefined, never)) {
			pieces.push(new Uint8Array(chunk.bytes));
			chunk.release();
			if (pieces.length === 3 || pieces.length === 40) await new Promise((resolve) => setTimeout(resolve, 1200));
		}
		assertBytes(Buffer.concat(pieces), bytes);
	});

	faultTest("an answer that is lost after the work was done costs nothing", async (t) => {
		const { proxy, store, direct } = await openRig(t, server);
		for (const [size, pattern] of [
			[1000, /^PUT /],
			[11 * MIB, PART],
			[11 * MIB, /^POST .*uploadId=/],
		] as const) {
			proxy.plan = firstOf(1, pattern, { loseAnswer: true });
			const key = `lost-${proxy.seen.length}`;
			const bytes = noise(size);
			await using writer = await store.write(key, {}, never);
			await appendAll(writer, bytes);
			assert.equal(await writer.digest("sha256", never), digestOf(bytes));
			await writer.commit(never);
			assertBytes(await read(direct, key), bytes);
		}
		assert.ok((await listKeys(direct, "")).every((key) => !key.endsWith("*")));
	});

	faultTest("bytes that change on their way are refused", async (t) => {
		const { proxy, store, direct } = await openRig(t, server);
		proxy.plan = firstOf(1, /^PUT /, { flipRequestAt: 12_345 });
		await assertStoreError("CORRUPT", () => put(store, "flipped", noise(MIB)));
		assert.equal(await direct.stat("flipped", never), undefined);
		proxy.plan = firstOf(1, PART, { flipRequestAt: 4 * MIB });
		await assertStoreError("CORRUPT", () => put(store, "flipped-part", noise(11 * MIB)));
		assert.equal(await direct.stat("flipped-part", never), undefined);
	});

	faultTest("an upload that is gone is missed by whoever goes on with it", async (t) => {
		const { direct, behind, prefix } = await openRig(t, server);
		for (const [size, more] of [
			[2 * S3_PART_BYTES, 0],
			[11 * MIB, 0],
			[11 * MIB, 6 * MIB],
		] as const) {
			const key = `gone-${size}-${more}`;
			const writer = await direct.write(key, {}, never);
			await appendAll(writer, noise(size));
			const state = throughJson(await writer.checkpoint(never));
			await behind.abortUpload(prefix + key, state.uploadId);
			await assertStoreError("NOT_FOUND", () => direct.resume(key, state, {}, never));
			await assertStoreError("NOT_FOUND", async () => {
				await appendAll(writer, noise(more));
				await writer.commit(never);
			});
			await writer.abort(never);
		}
		assert.deepEqual(await listKeys(direct, ""), []);
		assert.deepEqual(await behind.names(prefix), []);
	});

	faultTest("a tail that is gone or has changed is noticed", async (t) => {
		const { direct, behind, prefix } = await openRig(t, server);
		for (const size of [3 * MIB, 7 * MIB]) {
			const key = `tail-${size}`;
			const writer = await direct.write(key, {}, never);
			await appendAll(writer, noise(size));
			const state = throughJson(await writer.checkpoint(never));
			await writer[Symbol.asyncDispose]();
			const [tail] = await behind.names(`${prefix}${key}!`);
			assert.ok(tail !== undefined);
			await behind.corrupt(tail);
			await assertStoreError("CORRUPT", () => direct.resume(key, state, {}, never));
			await behind.put(tail, noise(10));
			await assertStoreError("CORRUPT", () => direct.resume(key, state, {}, never));
			await direct.delete(key, state, never);
			await assertStoreError("NOT_FOUND", () => direct.resume(key, state, {}, never));
		}
	});

	faultTest("a writer that lost its upload to another never passes off the other's bytes as its own", async (t) => {
		const { direct } = await openRig(t, server);
		const bytes = noise(2 * S3_PART_BYTES, 1);
		const first = await direct.write("lease", {}, never);
		await appendAll(first, bytes.subarray(0, S3_PART_BYTES));
		const state = throughJson(await first.checkpoint(never));
		await appendAll(first, bytes.subarray(S3_PART_BYTES));
		await first.checkpoint(never);
		const second = await direct.resume("lease", state, {}, never);
		await appendAll(second, noise(S3_PART_BYTES, 2));
		await second.commit(never);
		assert.equal(await first.digest("sha256", never), digestOf(bytes));
		await assertStoreError("CORRUPT", () => first.commit(never));
		await first.abort(never);
		assertBytes((await read(direct, "lease")).subarray(S3_PART_BYTES), noise(S3_PART_BYTES, 2));
	});

	faultTest("a small object is never written over by a writer that wakes late", async (t) => {
		const { direct } = await openRig(t, server);
		const writers = await Promise.all(
			[1, 2, 1].map(async (seed) => {
				const writer = await direct.write("late", {}, never);
				await appendAll(writer, noise(1000, seed));
				return writer;
			}),
		);
		const [first, other, same] = writers;
		await first?.commit(never);
		await assertStoreError("CORRUPT", async () => other?.commit(never));
		await other?.abort(never);
		await same?.commit(never);
		assertBytes(await read(direct, "late"), noise(1000, 1));
	});

	faultTest("a service that is gone is unavailable, and an unfinished upload goes on when it is back", async (t) => {
		const { proxy, store, direct } = await openRig(t, server);
		const bytes = noise(13 * MIB);
		const writer = await store.write("outage", {}, never);
		await appendAll(writer, bytes.subarray(0, 7 * MIB));
		const state = throughJson(await writer.checkpoint(never));
		await proxy[Symbol.asyncDispose]();
		await assertStoreError("UNAVAILABLE", () => store.stat("outage", never));
		await assertStoreError("UNAVAILABLE", async () => {
			await appendAll(writer, bytes.subarray(7 * MIB));
			await writer.commit(never);
		});
		await writer[Symbol.asyncDispose]();
		const resumed = await direct.resume("outage", state, {}, never);
		await appendAll(resumed, bytes.subarray(7 * MIB));
		assert.equal(await resumed.digest("sha256", never), digestOf(bytes));
		await resumed.commit(never);
		assertBytes(await read(direct, "outage"), bytes);
		assert.deepEqual(await listKeys(direct, ""), ["outage"]);
	});

	for (const { name: claim, needs, run } of blobStoreCases.filter((one) => one.needs === "stall")) {
		faultTest(claim, async (t) => {
			const { proxy } = await openRig(t, server);
			const endpoint = proxy.address();
			await using harness = await openS3Harness(await server.endpoint(), endpoint);
			const stall = (): (() => void) => {
				const held = Promise.withResolvers<void>();
				proxy.plan = () => ({ hold: held.promise });
				return () => {
					proxy.plan = () => undefined;
					held.resolve();
				};
			};
			assert.equal(needs, "stall");
			await run(openBench({ ...harness, stall }));
		});
	}
}
