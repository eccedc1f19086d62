import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { MasterKey } from "#/auth/master-key.ts";
import { openMasterKey } from "#/auth/open-master-key.ts";

describe("the master key's file", () => {
	let directory = "";
	let path = "";
	beforeEach(async () => {
		directory = await mkdtemp(join(tmpdir(), "limani-master-key-"));
		path = join(directory, "master.key");
	});
	afterEach(() => rm(directory, { recursive: true }));

	it("is made when it is absent and that is asked for", async () => {
		const key = await openMasterKey(path, { create: true });
		const { mode, size } = await stat(path);
		assert.equal(mode & 0o777, 0o600);
		assert.equal(size, 32);
		assert.deepEqual(await readdir(directory), ["master.key"]);
		const opened = new MasterKey(await readFile(path)).open(key.seal(Buffer.from("x"), "a"), "a");
		assert.equal(Buffer.from(opened).toString(), "x");
	});

	it("is not made otherwise", async () => {
		await assert.rejects(openMasterKey(path), { code: "ABSENT" });
		assert.deepEqual(await readdir(directory), []);
	});

	it("is used when it is there", async () => {
		const sealed = (await openMasterKey(path, { create: true })).seal(Buffer.from("x"), "a");
		for (const create of [true, false]) {
			assert.equal(Buffer.from((await openMasterKey(path, { create })).open(sealed, "a")).toString(), "x");
		}
	});

	it("is the same for all who make it at once", async () => {
		const keys = await Promise.all(Array.from({ length: 16 }, () => openMasterKey(path, { create: true })));
		const sealed = keys[0]?.seal(Buffer.from("x"), "a") ?? Buffer.alloc(0);
		for (const key of keys) assert.equal(Buffer.from(key.open(sealed, "a")).toString(), "x");
		assert.deepEqual(await readdir(directory), ["master.key"]);
	});

	it("is refused when others may read or change it", async () => {
		await openMasterKey(path, { create: true });
		for (const mode of [0o644, 0o660, 0o601, 0o620]) {
			await chmod(path, mode);
			await assert.rejects(openMasterKey(path), { code: "PERMISSIONS", message: /make it 0600/ });
		}
		for (const mode of [0o600, 0o400, 0o440]) {
			await chmod(path, mode);
			await openMasterKey(path);
		}
	});

	it("is refused when its size is wrong", async () => {
		for (const size of [0, 31, 33, 64]) {
			await writeFile(path, Buffer.alloc(size), { mode: 0o600 });
			await assert.rejects(openMasterKey(path, { create: true }), { code: "WRONG_SIZE", message: /expected 32/ });
		}
	});

	it("is refused when it cannot be made", async () => {
		await assert.rejects(openMasterKey(join(directory, "no", "such", "place"), { create: true }), {
			code: "UNREADABLE",
		});
	});
});
