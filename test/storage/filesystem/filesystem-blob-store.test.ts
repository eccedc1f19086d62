import { randomUUID } from "node:crypto";
import { mkdtemp, open, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import type { FileSystem } from "#/storage/filesystem/file-system.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { type BlobStoreHarness, blobStoreConformance } from "../../conformance/blob-store.ts";

/** Real files under a temporary root, each opening with a pool and a thread of its own, as processes have. */
async function openHarness(fileSystem: FileSystem, stall?: () => () => void): Promise<BlobStoreHarness> {
	const root = await mkdtemp(join(tmpdir(), "limani-store-"));
	const threads: IoThread[] = [];
	const openStore = (): Promise<BlobStore> => {
		const thread = new IoThread();
		threads.push(thread);
		const deps = {
			fileSystem,
			pool: new BufferPool(),
			budget: new ByteBudget(64 * 1024 * 1024),
			thread,
			id: randomUUID,
		};
		return openFilesystemStore({ root, id: "test", create: true }, deps);
	};
	return {
		store: await openStore(),
		fencesWriters: true,
		reopen: openStore,
		corrupt: async (key) => {
			await using file = await open(join(root, "data", key), "r+");
			const byte = Buffer.alloc(1);
			await file.read(byte, 0, 1, 1_500_000);
			await file.write(Buffer.of((byte[0] ?? 0) ^ 1), 0, 1, 1_500_000);
		},
		dropPart: (key) => unlink(join(root, "staged", key)),
		...(stall && { stall }),
		[Symbol.asyncDispose]: async () => {
			for (const thread of threads) await thread[Symbol.asyncDispose]();
			await rm(root, { recursive: true });
		},
	};
}

/** The same files without descriptors, so that every write comes through here, where it can be held up. */
function withoutDescriptors(gate: { closed: Promise<void> | undefined }): FileSystem {
	return {
		...nodeFileSystem,
		open: async (path, mode) => {
			const { descriptor: _, ...file } = await nodeFileSystem.open(path, mode);
			return {
				...file,
				write: async (pieces, position) => {
					await gate.closed;
					await file.write(pieces, position);
				},
			};
		},
	};
}

blobStoreConformance("filesystem", () => openHarness(nodeFileSystem));

blobStoreConformance("filesystem on the main thread", () => {
	const gate: { closed: Promise<void> | undefined } = { closed: undefined };
	return openHarness(withoutDescriptors(gate), () => {
		const { promise, resolve } = Promise.withResolvers<void>();
		gate.closed = promise;
		return resolve;
	});
});
