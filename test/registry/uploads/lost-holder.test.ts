import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import type { FileSystem } from "#/storage/filesystem/file-system.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { StoreError } from "#/storage/store-error.ts";
import { bodyOf } from "../../support/bodies.ts";
import { forever, openRegistryHarness, pullBlob, type RegistryHarness, startUpload } from "../../support/registry.ts";

const actor = "user:test";
const repository = "p/lost";
const leaseMs = 60;

/** A process that stands still in its next call of this kind until it goes on. */
class Standstill {
	#gate = Promise.withResolvers<void>();
	#arrived = Promise.withResolvers<void>();
	#isStill = false;
	at: "write" | "rename" | undefined;

	get arrived(): Promise<void> {
		return this.#arrived.promise;
	}

	goOn(): void {
		this.at = undefined;
		this.#isStill = false;
		this.#gate.resolve();
	}

	async pass(call: "write" | "rename"): Promise<void> {
		if (this.at !== call) return;
		this.#isStill = true;
		this.#arrived.resolve();
		await this.#gate.promise;
	}

	/** Nothing else of the process goes on either: it renews no lease. */
	async rest(): Promise<undefined> {
		if (this.#isStill) await this.#gate.promise;
		return undefined;
	}
}

const standing = (still: Standstill): FileSystem => ({
	...nodeFileSystem,
	rename: async (from, to) => {
		await still.pass("rename");
		await nodeFileSystem.rename(from, to);
	},
	open: async (path, mode) => {
		const { descriptor: _, ...file } = await nodeFileSystem.open(path, mode);
		return {
			...file,
			write: async (pieces, position) => {
				await still.pass("write");
				await file.write(pieces, position);
			},
		};
	},
});

interface Scene {
	readonly harness: RegistryHarness;
	readonly root: string;
	readonly still: Standstill;
	/** The one that will stand still, and two others. */
	readonly instances: readonly ReturnType<RegistryHarness["instance"]>[];
}

const setScene = async (t: TestContext): Promise<Scene> => {
	const root = await mkdtemp(join(tmpdir(), "limani-lost-"));
	const still = new Standstill();
	const open = (fileSystem: FileSystem) => {
		const shared = { pool: new BufferPool(), budget: new ByteBudget(1 << 20), thread: new IoThread(), id: randomUUID };
		return openFilesystemStore({ root, id: "test", create: true }, { fileSystem, ...shared });
	};
	const slow = await open(standing(still));
	const store = await open(nodeFileSystem);
	const harness = await openRegistryHarness({ stores: new Map([["default", store]]) });
	t.after(async () => {
		await harness[Symbol.asyncDispose]();
		await rm(root, { recursive: true });
	});
	const limits = { leaseMs, extendMs: leaseMs / 3, afterMs: 1000 };
	const first = harness.instance({ limits, stores: new Map([["default", slow]]), uploads: () => still.rest() });
	return { harness, root, still, instances: [first, harness.instance({ limits }), harness.instance({ limits })] };
};

const stagedIn = (root: string): readonly string[] =>
	readdirSync(join(root, "staged"), { recursive: true, withFileTypes: true }).flatMap((entry) =>
		entry.isFile() ? [entry.name] : [],
	);

for (const at of ["write", "rename"] as const) {
	test(`a process that stands still in a ${at} until another has its upload changes nothing when it goes on`, async (t) => {
		const { harness, root, still, instances } = await setScene(t);
		const [first, second] = instances;
		assert.ok(first && second);
		const id = await startUpload(first, repository);
		await first.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);

		still.at = at;
		const late = digestOf(Buffer.from("hello there"));
		const finishing = first.registry.uploads.finish({ repository, id, digest: late, actor }, bodyOf("there"), forever);
		finishing.catch(() => undefined);
		await still.arrived;
		await sleep(leaseMs * 3);

		const digest = digestOf(Buffer.from("hello world"));
		const { uploads } = second.registry;
		assert.equal((await uploads.append({ repository, id }, bodyOf("wor"), forever)).offset, 9);
		await uploads.finish({ repository, id, digest, actor }, bodyOf("ld"), forever);
		still.goOn();
		await assert.rejects(finishing);
		assert.equal((await pullBlob(second, repository, digest)).toString(), "hello world");
		await harness.assertSound();
		assert.deepEqual(stagedIn(root), []);
	});
}

test("an upload that was given back is gone on with in place, and nothing is copied", async (t) => {
	const { root, instances } = await setScene(t);
	const [, second, third] = instances;
	assert.ok(second && third);
	const id = await startUpload(second, repository);
	await second.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);
	await third.registry.uploads.append({ repository, id }, bodyOf("world"), forever);
	assert.deepEqual(stagedIn(root), [id]);
});

test("a take-over that failed is still one at the next try", async (t) => {
	const { harness, still, root, instances } = await setScene(t);
	const [first] = instances;
	assert.ok(first);
	let fails = true;
	const limits = { leaseMs, extendMs: leaseMs / 3 };
	const { registry } = harness.instance({
		limits,
		store: async (method) => {
			if (method !== "resume" || !fails) return undefined;
			fails = false;
			throw new StoreError("FULL", "no room");
		},
	});
	const id = await startUpload(first, repository);
	await first.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);
	still.at = "write";
	const appending = first.registry.uploads.append({ repository, id }, bodyOf("there"), forever);
	appending.catch(() => undefined);
	await still.arrived;
	await sleep(leaseMs * 3);
	await assert.rejects(registry.uploads.append({ repository, id }, bodyOf("world"), forever));
	const digest = digestOf(Buffer.from("hello world"));
	await registry.uploads.append({ repository, id }, bodyOf("world"), forever);
	assert.match(stagedIn(root).join(), /^\w+\+\d+$/);
	still.goOn();
	await assert.rejects(appending);
	await registry.uploads.finish({ repository, id, digest, actor }, bodyOf(), forever);
	assert.equal((await pullBlob({ registry }, repository, digest)).toString(), "hello world");
	await harness.assertSound();
});
