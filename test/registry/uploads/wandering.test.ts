import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { idSource } from "#/registry/new-id.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { bodyOf, brokenBody } from "../../support/bodies.ts";
import { forever, type Instance, openRegistryHarness, pullBlob, startUpload } from "../../support/registry.ts";
import { pick, type Random, randomBelow, randomBytes, seededRandom } from "../../support/seeded-random.ts";

const SEED = Number(process.env.SEED ?? 20_261_122);
const UPLOADS = Number(process.env.UPLOADS ?? 12);
const MIB = 1024 * 1024;

/** The stores over one root, as another process would open them. */
const openStores = async (root: string, resources: AsyncDisposableStack): Promise<ReadonlyMap<string, BlobStore>> => {
	const thread = resources.use(new IoThread());
	const deps = { fileSystem: nodeFileSystem, pool: new BufferPool(), budget: new ByteBudget(16 * MIB), thread };
	const open = (name: string): Promise<BlobStore> =>
		openFilesystemStore({ root: join(root, name), id: name, create: true }, { ...deps, id: idSource() });
	return new Map([
		["default", await open("default")],
		["other", await open("other")],
	]);
};

/** Pieces of random sizes, as a socket gives them. */
const piecesOf = (bytes: Buffer, random: Random): readonly Buffer[] => {
	const pieces: Buffer[] = [];
	for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 0) {
		pieces.push(bytes.subarray(at, at + 1 + randomBelow(random, 100_000)));
	}
	return pieces;
};

/** Sends the whole of `bytes` in chunks to any instance, some of which break off, as a client that does not give up. */
const pushWandering = async (
	instances: readonly [Instance, ...Instance[]],
	bytes: Buffer,
	random: Random,
): Promise<void> => {
	const repository = "p/wandering";
	const digest = digestOf(bytes, pick(random, ["sha256", "sha512"]));
	const id = await startUpload(pick(random, instances), repository);
	for (;;) {
		const { uploads } = pick(random, instances).registry;
		const { offset } = await uploads.status(repository, id, forever);
		const end = Math.min(offset + 1 + randomBelow(random, 3 * MIB), bytes.length);
		const pieces = piecesOf(bytes.subarray(offset, end), random);
		const range = end === offset ? undefined : { start: offset, end: end - 1 };
		const breaks = randomBelow(random, 4) === 0;
		const sent = breaks ? pieces.slice(0, randomBelow(random, pieces.length + 1)) : pieces;
		const body = breaks ? brokenBody(new Error("reset"), ...sent) : bodyOf(...sent);
		try {
			if (end < bytes.length || randomBelow(random, 3) === 0) {
				await uploads.append({ repository, id, range }, body, forever);
			} else {
				await uploads.finish({ repository, id, range, digest, actor: "user:test" }, body, forever);
				break;
			}
		} catch (error) {
			assert.ok(error instanceof OciError && error.code === "BLOB_UPLOAD_INVALID", String(error));
		}
	}
	assert.ok((await pullBlob(pick(random, instances), repository, digest)).equals(bytes));
};

test(`uploads that wander between processes, over files, come out whole (SEED=${SEED})`, async () => {
	await using resources = new AsyncDisposableStack();
	const root = await mkdtemp(join(tmpdir(), "limani-wandering-"));
	resources.defer(() => rm(root, { recursive: true }));
	const stores = await openStores(root, resources);
	const harness = resources.use(await openRegistryHarness({ stores }));
	const instances = [
		harness.instance({ limits: { openWriters: 2 } }),
		harness.instance({ stores: await openStores(root, resources) }),
		harness.instance({ stores: await openStores(root, resources), limits: { idleWriterMs: 1 } }),
	] as const;
	const random = seededRandom(SEED);
	for (let i = 0; i < UPLOADS; i += 4) {
		const blobs = Array.from({ length: 4 }, () => randomBytes(random, randomBelow(random, 5 * MIB)));
		await Promise.all(blobs.map((bytes) => pushWandering([...instances], bytes, random)));
	}
	await harness.assertSound();
});
