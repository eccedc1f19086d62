import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { type Fault, type FaultPlan, FaultyProxy } from "../support/faulty-proxy.ts";
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
} from "./blob-store/bench.ts";
import { type BlobStoreHarness, blobStoreCases } from "./blob-store.ts";

/** An object store's server, and what its protocol looks like from outside. Stores under test have parts of 4 MiB. */
export interface FaultSubject {
	readonly name: string;
	readonly skip: string | false;
	/** The server's origin. */
	origin(): Promise<string>;
	/** Opens a store by way of `origin`. */
	open(origin: string, prefix: string, idleMs?: number): Promise<BlobStore>;
	/** The harness of the blob store suite, whose stores go by way of `past`. */
	harness(past: string): Promise<BlobStoreHarness>;
	/** Requests as `PUT /path?query`. */
	readonly requests: {
		/** Writes a whole object. */
		readonly whole: RegExp;
		/** Stores a part. */
		readonly part: RegExp;
		/** Makes the object of its parts. */
		readonly finish: RegExp;
		/** Reads bytes of the object of this key. */
		reads(key: string): RegExp;
		/** Asks for the size of an object. */
		readonly stat: RegExp;
	};
	/** What the server says when it is busy. */
	readonly busy: { readonly status: number; readonly body: string };
}

interface Rig {
	readonly proxy: FaultyProxy;
	/** A store whose requests all pass the proxy. */
	readonly store: BlobStore;
	/** One that goes to the server itself. */
	readonly direct: BlobStore;
}

let rigs = 0;

/** Registers what every object store's driver must bear of its network and its server. */
export function objectStoreFaults(subject: FaultSubject): void {
	const { requests, busy } = subject;
	const faultTest = (claim: string, run: (t: TestContext) => Promise<void>): void => {
		test(`${subject.name}: ${claim}`, { skip: subject.skip, timeout: 120_000 }, run);
	};
	const openRig = async (t: TestContext, idleMs?: number): Promise<Rig> => {
		const origin = await subject.origin();
		const proxy = new FaultyProxy(origin);
		const prefix = `faults-${++rigs}/`;
		const store = await subject.open(await proxy.start(), prefix, idleMs);
		const direct = await subject.open(origin, prefix, idleMs);
		t.after(async () => {
			await store[Symbol.asyncDispose]();
			await direct[Symbol.asyncDispose]();
			await proxy[Symbol.asyncDispose]();
		});
		return { proxy, store, direct };
	};

	faultTest("connections cut in the middle of parts, and of a small object, cost no upload", async (t) => {
		const { proxy, store, direct } = await openRig(t);
		proxy.plan = firstOf(3, requests.part, { cutRequestAfter: MIB });
		const bytes = noise(11 * MIB + 5);
		await put(store, "cut", bytes);
		assertBytes(await read(direct, "cut"), bytes);
		assert.ok(count(proxy, requests.part) >= 6, "three parts, three of them twice");
		proxy.plan = firstOf(1, requests.whole, { cutRequestAfter: 100 * KIB });
		await put(store, "small", bytes.subarray(0, MIB));
		assertBytes(await read(direct, "small"), bytes.subarray(0, MIB));
	});

	faultTest("a connection cut in the middle of a read is taken up where it broke", async (t) => {
		const { proxy, store, direct } = await openRig(t);
		const bytes = noise(9 * MIB + 1);
		await put(direct, "read", bytes);
		const reads = requests.reads("read");
		proxy.plan = firstOf(3, reads, { cutAnswerAfter: 2 * MIB });
		assertBytes(await read(store, "read"), bytes);
		proxy.plan = firstOf(1, reads, { cutAnswerAfter: 700_000 });
		assertBytes(await read(store, "read", { start: 5, end: 3_000_004 }), bytes.subarray(5, 3_000_005));
		assert.equal(count(proxy, reads), 4 + 2);
	});

	faultTest("a read that never brings a byte ends as unavailable", async (t) => {
		const { proxy, store, direct } = await openRig(t);
		await put(direct, "mute", noise(MIB));
		proxy.plan = firstOf(Number.POSITIVE_INFINITY, requests.reads("mute"), { cutAnswerAfter: 0 });
		await assertStoreError("UNAVAILABLE", () => read(store, "mute"));
	});

	faultTest("a busy service is asked again, and is unavailable when it stays busy", async (t) => {
		const { proxy, store, direct } = await openRig(t);
		for (const pattern of [requests.whole, requests.part, requests.finish, requests.stat]) {
			proxy.plan = firstOf(2, pattern, { answer: busy });
			const key = `busy-${proxy.seen.length}`;
			await put(store, `${key}-large`, noise(5 * MIB));
			await put(store, `${key}-small`, noise(5000));
			assert.equal((await store.stat(`${key}-small`, never))?.size, 5000);
			assertBytes(await read(direct, `${key}-large`), noise(5 * MIB));
			assertBytes(await read(direct, `${key}-small`), noise(5000));
		}
		proxy.plan = () => ({ answer: busy });
		await assertStoreError("UNAVAILABLE", () => store.stat("busy", never));
		await assertStoreError("UNAVAILABLE", () => put(store, "refused", noise(100)));
		await assertStoreError("UNAVAILABLE", () => put(store, "refused-parts", noise(11 * MIB)));
		await assertStoreError("UNAVAILABLE", () => store.delete("busy", undefined, never));
		await assertStoreError("UNAVAILABLE", () => listKeys(store, ""));
		proxy.plan = () => undefined;
		await store.delete("refused-parts", undefined, never);
		assert.deepEqual(await listKeys(direct, "refused"), []);
	});

	faultTest("slow answers are waited for, silence is not", async (t) => {
		const { proxy, store, direct } = await openRig(t, 700);
		const bytes = noise(2 * MIB);
		await put(direct, "slow", bytes);
		proxy.plan = () => ({ pause: 40 });
		assertBytes(await read(store, "slow"), bytes);
		const held = Promise.withResolvers<void>();
		proxy.plan = firstOf(1, requests.stat, { hold: held.promise });
		assert.equal((await store.stat("slow", never))?.size, bytes.byteLength, "the second attempt is answered");
		proxy.plan = () => ({ hold: held.promise });
		await assertStoreError("UNAVAILABLE", () => store.stat("slow", never));
		await assert.rejects(
			() => store.stat("slow", AbortSignal.timeout(100)),
			(error) => error instanceof DOMException && error.name === "TimeoutError",
		);
		held.resolve();
	});

	faultTest("a reader that pauses for longer than a connection may be silent gets every byte", async (t) => {
		const { direct } = await openRig(t, 500);
		const bytes = noise(8 * MIB);
		await put(direct, "paused", bytes);
		await using blob = await direct.open("paused", never);
		const pieces: Uint8Array[] = [];
		for await (const chunk of blob.chunks(undefined, never)) {
			pieces.push(new Uint8Array(chunk.bytes));
			chunk.release();
			if (pieces.length === 3 || pieces.length === 40) await sleep(1200);
		}
		assertBytes(Buffer.concat(pieces), bytes);
	});

	faultTest("an answer that is lost after the work was done costs nothing", async (t) => {
		const { proxy, store, direct } = await openRig(t);
		for (const [size, pattern] of [
			[1000, requests.whole],
			[9 * MIB, requests.part],
			[9 * MIB, requests.finish],
		] as const) {
			const before = count(proxy, pattern);
			proxy.plan = firstOf(1, pattern, { loseAnswer: true });
			const key = `lost-${proxy.seen.length}`;
			const bytes = noise(size);
			await using writer = await store.write(key, {}, never);
			await appendAll(writer, bytes);
			assert.equal(await writer.digest("sha256", never), digestOf(bytes));
			await writer.commit(never);
			assertBytes(await read(direct, key), bytes);
			assert.ok(count(proxy, pattern) - before >= 2, "the request was repeated");
		}
		assert.ok((await listKeys(direct, "")).every((key) => !key.endsWith("*")));
	});

	faultTest("bytes that change on their way are refused", async (t) => {
		const { proxy, store, direct } = await openRig(t);
		proxy.plan = firstOf(1, requests.whole, { flipRequestAt: 12_345 });
		await assertStoreError("CORRUPT", () => put(store, "flipped", noise(MIB)));
		assert.equal(await direct.stat("flipped", never), undefined);
		proxy.plan = firstOf(1, requests.part, { flipRequestAt: 3 * MIB });
		await assertStoreError("CORRUPT", () => put(store, "flipped-part", noise(11 * MIB)));
		assert.equal(await direct.stat("flipped-part", never), undefined);
	});

	faultTest("an object is never written over, nor deleted, by a writer that lost it", async (t) => {
		const { direct } = await openRig(t);
		for (const size of [1000, 5 * MIB]) {
			const key = `late-${size}`;
			const [first, other] = await Promise.all(
				[1, 2].map(async (seed) => {
					const writer = await direct.write(key, {}, never);
					await appendAll(writer, noise(size, seed));
					return writer;
				}),
			);
			await first?.commit(never);
			await assert.rejects(async () => other?.commit(never));
			await other?.abort(never);
			assertBytes(await read(direct, key), noise(size, 1));
		}
	});

	faultTest("an object that was made for its digest, and has a wrong one, is gone after abort", async (t) => {
		const { direct } = await openRig(t);
		const writer = await direct.write("wrong", {}, never);
		await appendAll(writer, noise(9 * MIB));
		const state = throughJson(await writer.checkpoint(never));
		await writer[Symbol.asyncDispose]();
		const resumed = await direct.resume("wrong", state, {}, never);
		assert.equal(await resumed.digest("sha512", never), digestOf(noise(9 * MIB), "sha512"));
		await assert.rejects(() => resumed.append(noise(1)), /takes no more/);
		await resumed.abort(never);
		assert.equal(await direct.stat("wrong", never), undefined);
		assert.deepEqual(await listKeys(direct, ""), []);
	});

	faultTest("a service that is gone is unavailable, and an unfinished upload goes on when it is back", async (t) => {
		const { proxy, store, direct } = await openRig(t);
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

	for (const { name: claim, run } of blobStoreCases.filter((one) => one.needs === "stall")) {
		faultTest(claim, async (t) => {
			const { proxy } = await openRig(t);
			await using harness = await subject.harness(proxy.address());
			const stall = (): (() => void) => {
				const held = Promise.withResolvers<void>();
				proxy.plan = () => ({ hold: held.promise });
				return () => {
					proxy.plan = () => undefined;
					held.resolve();
				};
			};
			await run(openBench({ ...harness, stall }));
		});
	}
}

/** The plan for the first `left` requests that match. */
function firstOf(left: number, pattern: RegExp, fault: Fault): FaultPlan {
	let rest = left;
	return ({ method, url }) => (pattern.test(`${method} ${url}`) && rest-- > 0 ? fault : undefined);
}

const count = (proxy: FaultyProxy, pattern: RegExp): number => proxy.seen.filter((line) => pattern.test(line)).length;
