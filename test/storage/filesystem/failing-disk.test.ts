import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import type { FileSystem, OpenFile } from "#/storage/filesystem/file-system.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import {
	appendAll,
	assertBytes,
	assertStoreError,
	listKeys,
	MIB,
	never,
	noise,
	put,
	read,
} from "../../conformance/blob-store/bench.ts";

/** Which call fails next, and how; it fails until it is taken out. */
type Faults = { [call in keyof OpenFile | keyof FileSystem]?: string };

const failing = (errno: string): Promise<never> =>
	Promise.reject(Object.assign(new Error(`${errno}: planted`), { code: errno }));

/** A disk whose calls fail as `faults` says. */
function faultyFileSystem(faults: Faults): FileSystem {
	const guard = <Args extends unknown[], Result>(call: keyof Faults, run: (...args: Args) => Promise<Result>) =>
		((...args) => {
			const errno = faults[call];
			return errno === undefined ? run(...args) : failing(errno);
		}) satisfies (...args: Args) => Promise<Result>;
	return {
		...nodeFileSystem,
		fsyncDirectory: guard("fsyncDirectory", nodeFileSystem.fsyncDirectory),
		rename: guard("rename", nodeFileSystem.rename),
		stat: guard("stat", nodeFileSystem.stat),
		open: guard("open", async (path: string, mode) => {
			const { descriptor: _, ...file } = await nodeFileSystem.open(path, mode);
			return {
				...file,
				write: guard("write", file.write),
				read: guard("read", file.read),
				fsync: guard("fsync", file.fsync),
			};
		}) satisfies FileSystem["open"],
	};
}

async function onFaultyDisk(use: (store: BlobStore, faults: Faults, root: string) => Promise<void>): Promise<void> {
	const root = await mkdtemp(join(tmpdir(), "limani-faults-"));
	const faults: Faults = {};
	try {
		const store = await openFilesystemStore(
			{ root, id: "test", create: true },
			{
				fileSystem: faultyFileSystem(faults),
				pool: new BufferPool(),
				budget: new ByteBudget(64 * MIB),
				thread: new IoThread(),
				id: randomUUID,
			},
		);
		await use(store, faults, root);
	} finally {
		await rm(root, { recursive: true });
	}
}

test("a full disk is FULL, and an upload goes on from its checkpoint when there is room again", async () => {
	for (const errno of ["ENOSPC", "EDQUOT"]) {
		await onFaultyDisk(async (store, faults) => {
			const bytes = noise(5 * MIB);
			const writer = await store.write("aa/x", {}, never);
			await appendAll(writer, bytes.subarray(0, MIB));
			const state = await writer.checkpoint(never);
			faults.write = errno;
			await assertStoreError("FULL", () => appendAll(writer, bytes.subarray(MIB)));
			await assertStoreError("FULL", () => writer.commit(never));
			delete faults.write;
			await assertStoreError("FULL", () => writer.checkpoint(never));
			await writer[Symbol.asyncDispose]();
			assert.equal(await store.stat("aa/x", never), undefined);

			await using resumed = await store.resume("aa/x", state, {}, never);
			await appendAll(resumed, bytes.subarray(MIB));
			await resumed.commit(never);
			assertBytes(await read(store, "aa/x"), bytes);
		});
	}
});

test("a failed fsync is not tried again: the second one would say yes to bytes that are lost", async () => {
	await onFaultyDisk(async (store, faults) => {
		await using writer = await store.write("aa/x", {}, never);
		await appendAll(writer, noise(1000));
		faults.fsync = "EIO";
		await assertStoreError("UNAVAILABLE", () => writer.commit(never));
		delete faults.fsync;
		await assertStoreError("UNAVAILABLE", () => writer.commit(never));
		await assertStoreError("UNAVAILABLE", () => writer.append(noise(1)));
		await writer.abort(never);
		assert.deepEqual(await listKeys(store, ""), []);
	});
});

test("an fsync that fails while a large object is still being received fails all that comes after it", async () => {
	await onFaultyDisk(async (store, faults) => {
		await using writer = await store.write("aa/x", {}, never);
		await appendAll(writer, noise(15 * MIB));
		faults.fsync = "EIO";
		await appendAll(writer, noise(MIB));
		delete faults.fsync;
		await assertStoreError("UNAVAILABLE", () => writer.commit(never));
		await assertStoreError("UNAVAILABLE", () => writer.checkpoint(never));
	});
});

test("abort after a commit that failed behind the rename takes the object away", async () => {
	await onFaultyDisk(async (store, faults, root) => {
		await put(store, "aa/first", noise(1));
		await using writer = await store.write("aa/x", {}, never);
		await appendAll(writer, noise(1000));
		faults.fsyncDirectory = "EIO";
		await assertStoreError("UNAVAILABLE", () => writer.commit(never));
		await writer.abort(never);
		await writer.abort(never);
		assert.deepEqual(await readdir(join(root, "data", "aa")), ["first"]);
		assert.deepEqual(await readdir(join(root, "staged", "aa")), []);
	});
});

test("calls that fail say what failed in the store's terms", async () => {
	await onFaultyDisk(async (store, faults) => {
		await put(store, "x", noise(1000));
		faults.open = "EACCES";
		await assertStoreError("DENIED", () => store.open("x", never));
		faults.open = "EMFILE";
		await assertStoreError("UNAVAILABLE", () => store.open("x", never));
		await assertStoreError("UNAVAILABLE", () => store.write("y", {}, never));
		delete faults.open;
		faults.stat = "EIO";
		await assertStoreError("UNAVAILABLE", () => store.stat("x", never));
		await assertStoreError("UNAVAILABLE", () => listKeys(store, ""));
		delete faults.stat;
		faults.read = "EIO";
		await assertStoreError("UNAVAILABLE", () => read(store, "x"));
		delete faults.read;
		faults.rename = "ENOSPC";
		await assertStoreError("FULL", () => put(store, "z", noise(1)));
	});
});

test("an object that lost its end is corrupt, however it is read", async () => {
	await onFaultyDisk(async (store, _, root) => {
		await put(store, "x", noise(3 * MIB));
		await using blob = await store.open("x", never);
		await truncate(join(root, "data", "x"), 2 * MIB);
		for (const hint of [64 * 1024, 512 * 1024]) {
			await assertStoreError("CORRUPT", async () => {
				for await (const chunk of blob.chunks(undefined, never, () => hint)) chunk.release();
			});
		}
	});
});

test("a file that an operator put there under no key is not listed", async () => {
	await onFaultyDisk(async (store, _, root) => {
		await put(store, "aa/x", noise(1));
		await using __ = await nodeFile(join(root, "data", "aa", "not a key"));
		assert.deepEqual(await listKeys(store, ""), ["aa/x"]);
		await assertStoreError("NOT_FOUND", () => store.open("aa", never));
		assert.equal(await store.stat("aa", never), undefined);
	});
});

async function nodeFile(path: string): Promise<AsyncDisposable> {
	const file = await nodeFileSystem.open(path, "create");
	return { [Symbol.asyncDispose]: () => file.close() };
}
