// The filesystem driver by itself: one object of 256 MiB written (hashed, fsynced) and read, and small objects.
// Throughput in GB/s (10^9 bytes), with CPU seconds a GB of the whole process; small objects by the second.
// node bench/storage.ts [folder]
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { median } from "./median.ts";

const MIB = 1024 * 1024;
const SIZE = 256 * MIB;
const PIECE = 64 * 1024;
const ROUNDS = 5;
const SMALL = 400;

const { signal } = new AbortController();
const noise = Buffer.alloc(4 * MIB, randomUUID());

/** Appends `size` bytes in pieces as a socket gives them, each in memory of its own. */
async function write(store: BlobStore, key: string, size: number): Promise<void> {
	await using writer = await store.write(key, {}, signal);
	for (let at = 0; at < size; at += PIECE) {
		const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, size - at));
		noise.copy(piece, 0, at % (4 * MIB));
		await writer.append(piece);
	}
	await writer.digest("sha256", signal);
	await writer.commit(signal);
}

async function read(store: BlobStore, key: string): Promise<void> {
	await using blob = await store.open(key, signal);
	for await (const chunk of blob.chunks(undefined, signal)) chunk.release();
}

/** Runs `work` and prints its rate. */
async function measure(name: string, bytes: number, work: () => Promise<void>): Promise<void> {
	const rates: number[] = [];
	const cpu: number[] = [];
	for (let round = 0; round < ROUNDS; round++) {
		const usage = process.cpuUsage();
		const start = performance.now();
		await work();
		rates.push(bytes / 1e6 / (performance.now() - start));
		const { user, system } = process.cpuUsage(usage);
		cpu.push((user + system) / 1e6 / (bytes / 1e9));
	}
	console.log(`${name.padEnd(28)} ${median(rates).toFixed(2)} GB/s  ${median(cpu).toFixed(3)} CPU s/GB`);
}

/** Runs many small pieces of work, some at once, and prints how many are done in a second. */
async function measureSmall(name: string, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
	const start = performance.now();
	for (let at = 0; at < SMALL; at += atOnce) {
		await Promise.all(Array.from({ length: atOnce }, (_, index) => work(at + index)));
	}
	console.log(`${name.padEnd(28)} ${((SMALL / (performance.now() - start)) * 1000).toFixed(0)} a second`);
}

const root = await mkdtemp(join(process.argv[2] ?? tmpdir(), "limani-bench-"));
const thread = new IoThread();
try {
	const store = await openFilesystemStore(
		{ root, id: "bench", create: true },
		{ fileSystem: nodeFileSystem, pool: new BufferPool(), budget: new ByteBudget(64 * MIB), thread, id: randomUUID },
	);
	let count = 0;
	await measure("write 256 MiB", SIZE, async () => {
		const key = `aa/write-${count++}`;
		await write(store, key, SIZE);
		await store.delete(key, undefined, signal);
	});
	await measure("write 4 x 64 MiB at once", SIZE, async () => {
		const keys = Array.from({ length: 4 }, () => `aa/write-${count++}`);
		await Promise.all(keys.map((key) => write(store, key, SIZE / 4)));
		for (const key of keys) await store.delete(key, undefined, signal);
	});
	await write(store, "aa/read", SIZE);
	await measure("read 256 MiB", SIZE, () => read(store, "aa/read"));
	for (const atOnce of [1, 16]) {
		await measureSmall(`write 4 KiB, ${atOnce} at once`, atOnce, (i) =>
			write(store, `a${i % 16}/s-${atOnce}-${i}`, 4096),
		);
		await measureSmall(`read 4 KiB, ${atOnce} at once`, atOnce, (i) => read(store, `a${i % 16}/s-${atOnce}-${i}`));
	}
	console.log(`peak memory ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
} finally {
	await thread[Symbol.asyncDispose]();
	await rm(root, { recursive: true });
}
