import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { StoreError } from "#/storage/store-error.ts";
import { never } from "../../conformance/blob-store/bench.ts";
import { type FsyncCall, PowerCut, PowerCutFileSystem } from "../../support/power-cut-fs.ts";
import { PowerCutLedger } from "../../support/power-cut-ledger.ts";
import { pick, type Random, randomBelow, randomBytes, seededRandom } from "../../support/seeded-random.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds. */
const DURATION = Number(process.env.DURATION ?? 4);

let opened = 0;

const openStore = (fileSystem: PowerCutFileSystem, create: boolean): Promise<BlobStore> =>
	openFilesystemStore(
		{ root: "/srv/blobs", id: "test", create },
		{
			fileSystem,
			pool: new BufferPool(),
			budget: new ByteBudget(1024 * 1024),
			// Never started: files without descriptors stay on the main thread.
			thread: new IoThread(),
			id: () => String(++opened),
		},
	);

/** An unfinished upload of a client. */
interface Upload {
	readonly key: string;
	readonly writer: BlobWriter;
	bytes: Buffer;
}

/** A client that writes down what it was told. */
class Client {
	readonly #store: BlobStore;
	readonly #ledger: PowerCutLedger;

	constructor(store: BlobStore, ledger: PowerCutLedger) {
		this.#store = store;
		this.#ledger = ledger;
	}

	async begin(key: string): Promise<Upload> {
		this.#ledger.hold(key, Buffer.alloc(0));
		return { key, writer: await this.#store.write(key, {}, never), bytes: Buffer.alloc(0) };
	}

	async append(upload: Upload, bytes: Buffer): Promise<void> {
		upload.bytes = Buffer.concat([upload.bytes, bytes]);
		this.#ledger.hold(upload.key, upload.bytes);
		await upload.writer.append(new Uint8Array(bytes));
	}

	async checkpoint(upload: Upload): Promise<void> {
		const state = await upload.writer.checkpoint(never);
		this.#ledger.lost.delete(upload.key);
		this.#ledger.answerCheckpoint(upload.key, state, upload.bytes);
	}

	async commit(upload: Upload): Promise<void> {
		this.#ledger.beginCommit(upload.key);
		await upload.writer.commit(never);
		this.#ledger.answerCommit(upload.key);
	}

	/** @param takeover as of a writer that was lost; absent: as of one that has ended */
	async resume(
		{ key, state, bytes }: ReturnType<PowerCutLedger["resumable"]>[number],
		takeover?: number,
	): Promise<Upload> {
		// Whatever came after this checkpoint is given up by going on from it.
		this.#ledger.answerCheckpoint(key, state, bytes);
		// A take-over that was not acknowledged left nobody who gave the object back.
		const number = takeover ?? (this.#ledger.lost.has(key) ? ++takeovers : undefined);
		if (number !== undefined) this.#ledger.lost.add(key);
		const writer = await this.#store.resume(key, state, number === undefined ? {} : { takeover: number }, never);
		this.#ledger.hold(key, bytes);
		return { key, writer, bytes };
	}

	async remove(key: string): Promise<void> {
		this.#ledger.beginDelete(key);
		await this.#store.delete(key, undefined, never);
	}

	async abort(upload: Upload): Promise<void> {
		this.#ledger.beginDelete(upload.key);
		await upload.writer.abort(never);
	}
}

/** Runs `work` until it is done or the power fails; any other failure is one of the driver. */
async function untilCut(work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		if (!(error instanceof PowerCut)) throw error;
	}
}

/** Opens what the cut left and checks it. */
async function recover(fileSystem: PowerCutFileSystem, ledger: PowerCutLedger): Promise<BlobStore> {
	const store = await openStore(fileSystem, !ledger.isOpened);
	await ledger.verify(store);
	return store;
}

let takeovers = 0;

/** Clients that do something else every time, two steps at once. */
async function randomWork(store: BlobStore, ledger: PowerCutLedger, random: Random, name: string): Promise<void> {
	const client = new Client(store, ledger);
	let uploads: Upload[] = [];
	for (const left of ledger.resumable()) {
		if (random() < 0.7) uploads.push(await client.resume(left, random() < 0.5 ? ++takeovers : undefined));
	}
	for (let step = 0; step < 25; step++) {
		if (uploads.length < 2 || random() < 0.2) {
			uploads.push(await client.begin(`${pick(random, ["aa", "bb", "cc/dd"])}/${name}-${step}`));
		}
		const chosen = [pick(random, [0, 1, 2]), pick(random, [0, 1, 2])].map((index) => uploads[index % uploads.length]);
		const ended = await Promise.all([...new Set(chosen)].map((upload) => upload && randomStep(client, upload, random)));
		uploads = uploads.filter((upload) => !ended.includes(upload));
	}
}

/** One step of an upload; gives the upload when it is over. */
async function randomStep(client: Client, upload: Upload, random: Random): Promise<Upload | undefined> {
	const choice = random();
	if (choice < 0.5) await client.append(upload, randomBytes(random, randomBelow(random, 3000)));
	else if (choice < 0.75) await client.checkpoint(upload);
	else if (choice < 0.9) await client.commit(upload);
	else if (choice < 0.95) await client.abort(upload);
	else if (choice < 0.97) await client.commit(upload).then(() => client.remove(upload.key));
	else await upload.writer[Symbol.asyncDispose]();
	return choice < 0.75 ? undefined : upload;
}

/** Several power cuts one after the other, each at any effect. */
async function randomRun(seed: number, isSwallowed?: (call: FsyncCall) => boolean): Promise<void> {
	const random = seededRandom(seed);
	const ledger = new PowerCutLedger();
	const options = (): { cutBefore: number; isSwallowed?: (call: FsyncCall) => boolean } => ({
		cutBefore: randomBelow(random, 120),
		...(isSwallowed && { isSwallowed }),
	});
	let fileSystem = new PowerCutFileSystem(options());
	for (let life = 0; life < 4; life++) {
		const current = fileSystem;
		await untilCut(async () => {
			const store = await openStore(current, !ledger.isOpened);
			ledger.isOpened = true;
			await randomWork(store, ledger, random, `${life}`);
		});
		// Looked at with the power on, then cut once more before the next life begins.
		const looked = current.cut(random);
		const store = await recover(looked, ledger);
		await ledger.settle(store);
		fileSystem = looked.cut(random, options());
	}
}

/** Everything the driver fsyncs for, each thing once, with an end after each step. */
async function fixedWork(fileSystem: PowerCutFileSystem, ledger: PowerCutLedger): Promise<void> {
	const client = new Client(await openStore(fileSystem, true), ledger);
	ledger.isOpened = true;
	const random = seededRandom(7);
	const first = await client.begin("aa/first");
	await client.append(first, randomBytes(random, 700));
	await client.checkpoint(first);
	await client.append(first, randomBytes(random, 500));
	await client.checkpoint(first);
	await client.append(first, randomBytes(random, 10));
	await client.commit(first);
	const second = await client.begin("aa/second");
	await client.append(second, randomBytes(random, 900));
	await client.commit(second);
	const third = await client.begin("bb/cc/third");
	await client.append(third, randomBytes(random, 400));
	await client.checkpoint(third);
	const early = ledger.resumable();
	await client.append(third, randomBytes(random, 400));
	await client.checkpoint(third);
	await third.writer[Symbol.asyncDispose]();
	await client.abort(await client.begin("aa/fourth"));
	// The size at the earlier checkpoint is not durable by itself: the bytes behind it are.
	for (const left of early) await client.commit(await client.resume(left));
	const lost = await client.begin("aa/lost");
	await client.append(lost, randomBytes(random, 300));
	await client.checkpoint(lost);
	const [last] = ledger.resumable().filter(({ key }) => key === lost.key);
	assert.ok(last);
	const taken = await client.resume(last, 1);
	await client.append(taken, randomBytes(random, 300));
	await client.checkpoint(taken);
	await client.commit(taken);
	const empty = await client.begin("empty");
	await client.checkpoint(empty);
	await client.commit(empty);
}

/** Cuts the power before every effect of the fixed work; the first failed check, if any. */
async function findViolation(rounds: number, isSwallowed?: (call: FsyncCall) => boolean): Promise<unknown> {
	const whole = new PowerCutFileSystem();
	await fixedWork(whole, new PowerCutLedger());
	for (let round = 0; round < rounds; round++) {
		for (let cutBefore = 0; cutBefore <= whole.effects; cutBefore++) {
			const ledger = new PowerCutLedger();
			const fileSystem = new PowerCutFileSystem({ cutBefore, ...(isSwallowed && { isSwallowed }) });
			await untilCut(() => fixedWork(fileSystem, ledger));
			const seed = round * 1000 + cutBefore;
			try {
				await recover(fileSystem.cut(seededRandom(seed)), ledger);
			} catch (error) {
				if (error instanceof assert.AssertionError || error instanceof StoreError) return error;
				throw error;
			}
		}
	}
	return undefined;
}

test("what was answered survives any number of power cuts, at whatever moment they come", async () => {
	const end = performance.now() + DURATION * 1000;
	let runs = 0;
	for (; runs < 20 || performance.now() < end; runs++) {
		const seed = SEED + runs;
		await randomRun(seed).catch((error: unknown) => {
			throw new Error(`SEED=${seed} shows it`, { cause: error });
		});
	}
	assert.ok(runs >= 20);
});

test("what was answered survives a power cut before every single effect", async () => {
	assert.equal(await findViolation(12), undefined);
});

test("leaving out any one fsync of the driver loses something that was answered", async (context) => {
	const whole = new PowerCutFileSystem();
	await fixedWork(whole, new PowerCutLedger());
	assert.ok(whole.fsyncs.length >= 15, `${whole.fsyncs.length} fsyncs`);
	for (const { ordinal, kind, path } of whole.fsyncs) {
		await context.test(`the fsync number ${ordinal}, of the ${kind} ${path}`, async () => {
			assert.ok(await findViolation(40, (call) => call.ordinal === ordinal));
		});
	}
});

test("a disk that lies about the fsync of all files, or all directories, is found out by the random clients", async () => {
	for (const kind of ["file", "directory"] as const) {
		await assert.rejects(async () => {
			for (let run = 0; run < 200; run++) await randomRun(run, (call) => call.kind === kind);
		}, `swallowing every ${kind} fsync goes unnoticed`);
	}
});
