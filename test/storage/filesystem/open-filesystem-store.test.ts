import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import type { FileSystem } from "#/storage/filesystem/file-system.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { StoreError } from "#/storage/store-error.ts";
import { assertBytes, MIB, never, noise, put, read } from "../../conformance/blob-store/bench.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
	const folder = await mkdtemp(join(tmpdir(), "limani-open-"));
	try {
		await use(folder);
	} finally {
		await rm(folder, { recursive: true });
	}
}

const openStore = (
	root: string,
	opts: { id?: string; create?: boolean; readOnly?: boolean; fileSystem?: FileSystem } = {},
): Promise<BlobStore> =>
	openFilesystemStore(
		{ root, id: opts.id ?? "one", create: opts.create ?? true, readOnly: opts.readOnly ?? false },
		{
			fileSystem: opts.fileSystem ?? nodeFileSystem,
			pool: new BufferPool(),
			budget: new ByteBudget(64 * MIB),
			thread: new IoThread(),
			id: randomUUID,
		},
	);

const refuses = (opening: Promise<BlobStore>, why: RegExp): Promise<void> =>
	assert.rejects(opening, (error) => {
		assert.ok(error instanceof StoreError, `${error}`);
		assert.equal(error.code, "UNAVAILABLE");
		assert.match(error.message, why);
		return true;
	});

test("opening makes the root with its marker, and files that others cannot read", async () => {
	await inFolder(async (folder) => {
		const root = join(folder, "new", "blobs");
		const store = await openStore(relative(process.cwd(), root));
		await put(store, "aa/x", noise(10));
		assert.deepEqual((await readdir(root)).sort(), ["data", "limani-store", "staged"]);
		assert.equal(await readFile(join(root, "limani-store"), "utf8"), "limani-store 1\none\n");
		assert.equal((await stat(join(root, "data", "aa", "x"))).mode & 0o777, 0o640 & ~process.umask());
		assert.equal((await stat(join(root, "data", "aa"))).mode & 0o777, 0o750 & ~process.umask());
		assertBytes(await read(await openStore(root, { create: false }), "aa/x"), noise(10));
	});
});

test("processes that open a new root at once all get the store", async () => {
	await inFolder(async (folder) => {
		const stores = await Promise.all(Array.from({ length: 8 }, () => openStore(join(folder, "a", "b"))));
		await Promise.all(stores.map((store, index) => put(store, `k${index}/x`, noise(100))));
		for (const store of stores) assertBytes(await read(store, "k7/x"), noise(100));
		assert.deepEqual((await readdir(join(folder, "a", "b"))).sort(), ["data", "limani-store", "staged"]);
	});
});

test("a process that finds the root empty and then claimed by another one gets the store too", async () => {
	await inFolder(async (folder) => {
		const overtaken: FileSystem = {
			...nodeFileSystem,
			readDirectory: async (path) => {
				await openStore(folder);
				return await nodeFileSystem.readDirectory(path);
			},
		};
		await put(await openStore(folder, { fileSystem: overtaken }), "x", noise(1));
	});
});

test("the root of another store is refused", async () => {
	await inFolder(async (folder) => {
		await openStore(folder, { id: "one" });
		await refuses(openStore(folder, { id: "two" }), /belongs to store "one", not to "two"/);
		await writeFile(join(folder, "limani-store"), "limani-store 2\none\n");
		await refuses(openStore(folder), /another version/);
	});
});

test("an empty or missing root of a store that has objects is taken for a volume that is not mounted", async () => {
	await inFolder(async (folder) => {
		await refuses(openStore(folder, { create: false }), /no limani-store marker.*is its volume mounted/);
		await refuses(openStore(join(folder, "none"), { create: false }), /does not exist: is its volume mounted/);
		assert.deepEqual(await readdir(folder), []);
	});
});

test("a directory with other things in it is refused, but for what a file system or a broken start leaves", async () => {
	await inFolder(async (folder) => {
		await mkdir(join(folder, "lost+found"));
		await writeFile(join(folder, "limani-store.dead"), "limani");
		await writeFile(join(folder, "photo.jpg"), "");
		await refuses(openStore(folder), /not empty \(photo\.jpg\)/);
		await rm(join(folder, "photo.jpg"));
		await openStore(folder);
	});
});

test("a root that is a file, dangles or is read-only is refused with the reason", async () => {
	await inFolder(async (folder) => {
		await writeFile(join(folder, "file"), "");
		await refuses(openStore(join(folder, "file")), /is not a directory/);
		await symlink(join(folder, "nowhere"), join(folder, "link"));
		await refuses(openStore(join(folder, "link")), /does not exist/);
		const readOnly: FileSystem = {
			...nodeFileSystem,
			checkWritable: () => Promise.reject(Object.assign(new Error("EROFS"), { code: "EROFS" })),
		};
		await refuses(openStore(folder, { fileSystem: readOnly }), /mounted read-only/);
	});
});

test("a root may be a symbolic link to a directory", async () => {
	await inFolder(async (folder) => {
		await mkdir(join(folder, "real"));
		await symlink(join(folder, "real"), join(folder, "link"));
		await put(await openStore(join(folder, "link")), "x", noise(3));
		assertBytes(await read(await openStore(join(folder, "real")), "x"), noise(3));
	});
});

test("directories that an operator cleared away are made again", async () => {
	await inFolder(async (folder) => {
		const store = await openStore(folder);
		await put(store, "aa/x", noise(3));
		await store.delete("aa/x", undefined, never);
		await rm(join(folder, "data", "aa"), { recursive: true });
		await rm(join(folder, "staged", "aa"), { recursive: true });
		await put(store, "aa/y", noise(4));
		assertBytes(await read(store, "aa/y"), noise(4));
	});
});

test("a store of which nothing will be written is opened without a write, and only where it is", async () => {
	await inFolder(async (folder) => {
		const root = join(folder, "blobs");
		const writing = Object.fromEntries(
			(["checkWritable", "makeDirectory", "rename"] as const).map((name) => [
				name,
				() => Promise.reject(Object.assign(new Error(name), { code: "EROFS" })),
			]),
		);
		const fileSystem: FileSystem = { ...nodeFileSystem, ...writing };
		await refuses(openStore(root, { readOnly: true, fileSystem }), /has no limani-store marker/);
		await put(await openStore(root), "aa/x", noise(10));
		await refuses(openStore(root, { fileSystem }), /mounted read-only/);
		assertBytes(await read(await openStore(root, { readOnly: true, fileSystem }), "aa/x"), noise(10));
		await refuses(openStore(root, { id: "two", readOnly: true, fileSystem }), /belongs to store "one"/);
	});
});
