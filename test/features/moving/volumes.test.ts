// A project goes to a volume of its own and comes back: files on both sides, as a Registry without an object store has them.
import assert from "node:assert/strict";
import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Mover } from "#/features/moving/index.ts";
import { systemClock } from "#/lib/clock.ts";
import { digestOf } from "#/oci/digest.ts";
import { idSource } from "#/registry/new-id.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { forever, openRegistryHarness, pullBlob, pushBlob, pushImage } from "../../support/registry.ts";

/** Two stores of files, as one process opens them. */
const openVolumes = async (stack: AsyncDisposableStack) => {
	const root = await mkdtemp(join(tmpdir(), "limani-volumes-"));
	stack.defer(() => rm(root, { recursive: true }));
	const thread = stack.use(new IoThread());
	const deps = {
		fileSystem: nodeFileSystem,
		pool: new BufferPool(),
		budget: new ByteBudget(1 << 20),
		thread,
		id: randomUUID,
	};
	const open = async (name: string) =>
		[name, stack.use(await openFilesystemStore({ root: join(root, name), id: name, create: true }, deps))] as const;
	const stores = new Map([await open("default"), await open("other")]);
	/** How many files of blobs lie on a volume. */
	const filesOn = async (name: string): Promise<number> => {
		const entries = await readdir(join(root, name, "data"), { recursive: true, withFileTypes: true });
		return entries.filter((entry) => entry.isFile()).length;
	};
	return { stores, filesOn };
};

test("a project moves to a volume of its own and back while it is used, and nothing is lost or left", async () => {
	await using stack = new AsyncDisposableStack();
	const { stores, filesOn } = await openVolumes(stack);
	await using harness = await openRegistryHarness({ stores });
	const { metadata } = harness;
	const instance = harness.instance();
	const large = randomBytes(3 << 20);
	const image = await pushImage(instance, "p/r", "v1", "config", "layer");
	const digests = [await pushBlob(instance, "p/r", large), await pushBlob(instance, "p/s", "layer")] as const;
	await pushBlob(instance, "q/r", "layer");
	const usage = await metadata.usages.find("p");
	const deps = { metadata, stores, holder: "mover", newId: idSource(), clock: systemClock, report: () => undefined };
	const mover = new Mover(deps);
	const housekeeping = { ...metadata, objects: metadata.objects, uploads: metadata.uploads, history: metadata.history };
	const sweeper = new Sweeper({
		...housekeeping,
		stores,
		holder: "sweeper",
		clock: systemClock,
		report: () => undefined,
	});
	for (const [to, from] of [
		["other", "default"],
		["default", "other"],
	] as const) {
		const { epoch, base } = await metadata.controlState.begin("test");
		const upserts = [{ kind: "Project", uid: "uid-p", generation: 1, spec: { name: "p", store: to } }] as const;
		assert.ok("base" in (await metadata.controlState.apply({ epoch, base, upserts, deletes: [] })));
		const moving = { isOver: false };
		const reading = (async () => {
			for (let reads = 0; ; reads++) {
				assert.deepEqual(await pullBlob(instance, "p/r", digests[0]), large);
				if (moving.isOver) return reads;
			}
		})();
		assert.equal((await mover.round(forever)).arrived, 1);
		moving.isOver = true;
		await reading;
		const found = await metadata.manifests.find("p/r", { kind: "tag", tag: "v1" }, { payload: true });
		assert.equal(found?.manifest?.digest, image);
		assert.equal((await metadata.blobs.find("p/s", digests[1]))?.blob?.store, to);
		assert.deepEqual(await metadata.usages.find("p"), usage);
		// What lies where it came from goes after its delay: of the other project one blob stays in the default store.
		const step = { touchedBefore: Date.now() + 60_000, limit: 100 };
		await metadata.collection.collectBlobs(step);
		await sweeper.round(forever);
		assert.equal(await filesOn(from), from === "default" ? 1 : 0);
		assert.equal(await filesOn(to), 3);
		assert.equal((await pullBlob(instance, "q/r", digestOf(Buffer.from("layer")))).toString(), "layer");
		await harness.assertSound();
	}
});
