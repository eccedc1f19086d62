import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Digest } from "#/oci/digest.ts";
import { type Finding, type VerifySummary, verifyStore } from "#/registry/verify.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import type { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { bodyOf } from "../support/bodies.ts";
import { forever, openRegistryHarness, pushBlob, type RegistryHarness, startUpload } from "../support/registry.ts";

let harness: RegistryHarness;
let objects: MemoryObjects;
before(async () => {
	harness = await openRegistryHarness();
	const own = harness.objects.get("default");
	assert.ok(own);
	objects = own;
});
after(async () => {
	await harness[Symbol.asyncDispose]();
});

const verify = async (
	opts: { readonly read?: boolean; readonly store?: BlobStore } = {},
): Promise<VerifySummary & { readonly found: readonly Finding[] }> => {
	const found: Finding[] = [];
	const store = opts.store ?? harness.stores.get("default");
	assert.ok(store);
	const deps = {
		objects: harness.metadata.objects,
		store,
		found: (finding: Finding): void => void found.push(finding),
		isToBeRead: () => opts.read ?? true,
	};
	return { ...(await verifyStore(deps, "default", forever)), found };
};

const keyOf = async (repository: string, digest: Digest): Promise<string> =>
	(await harness.instance().registry.blobs.stat(repository, digest, forever)).key;

test("a sound store has no findings, with uploads on their way and condemned objects in it", async () => {
	const instance = harness.instance();
	for (let i = 0; i < 5; i++) await pushBlob(instance, "p/r", `blob ${i}`);
	const repository = "p/r";
	const id = await startUpload(instance, repository);
	await instance.registry.uploads.append({ repository, id }, bodyOf("on its way"), forever);
	await startUpload(instance, repository);
	assert.deepEqual(await verify(), { live: 5, bytes: 30, read: 5, findings: 0, found: [] });
	assert.equal((await verify({ read: false })).read, 0);
});

test("a missing, a shortened, a corrupted and an unknown object are each found", async () => {
	const instance = harness.instance();
	const [missing, shortened, corrupted] = await Promise.all(
		["missing", "shortened", "corrupted"].map(async (content) => {
			const digest = await pushBlob(instance, "p/damaged", content);
			return { digest, key: await keyOf("p/damaged", digest) };
		}),
	);
	assert.ok(missing && shortened && corrupted);
	const before = new Map(objects.finished);
	const modifiedAt = Date.now();
	objects.finished.delete(missing.key);
	objects.finished.set(shortened.key, { bytes: Buffer.from("short"), modifiedAt });
	objects.finished.set(corrupted.key, { bytes: Buffer.from("corruptfd"), modifiedAt });
	objects.finished.set("00/unknown", { bytes: Buffer.from("?"), modifiedAt });
	objects.staged.set("zz/unknown", { pieces: [], size: 0, checkpoint: undefined, modifiedAt });
	const { found, findings } = await verify();
	assert.equal(findings, 5);
	assert.deepEqual(
		found.map(({ kind, key }) => [kind, key]).sort(),
		[
			["digest", corrupted.key],
			["missing", missing.key],
			["size", shortened.key],
			["unknown", "00/unknown"],
			["unknown", "zz/unknown"],
		].sort(),
	);
	assert.deepEqual(
		found.find(({ kind }) => kind === "size"),
		{ kind: "size", store: "default", key: shortened.key, expected: 9, actual: 5 },
	);
	objects.finished.clear();
	for (const [key, object] of before) objects.finished.set(key, object);
	objects.staged.delete("zz/unknown");
	assert.equal((await verify()).findings, 0);
});

test("pushes and deletions during the walk are no findings", async () => {
	const instance = harness.instance();
	const doomed: string[] = [];
	for (let i = 0; i < 40; i++) doomed.push(await startUpload(instance, "p/busy"));
	const { uploads } = instance.registry;
	for (const id of doomed) await uploads.append({ repository: "p/busy", id }, bodyOf("doomed"), forever);
	const store = harness.stores.get("default");
	assert.ok(store);
	let number = 0;
	// Before each entry that the walk sees, one object comes and another goes.
	const busy = new Proxy(store, {
		get: (target, name) => {
			if (name !== "list") {
				const member: unknown = Reflect.get(target, name, target);
				return typeof member === "function" ? member.bind(target) : member;
			}
			return async function* (prefix: string, signal: AbortSignal) {
				for await (const entry of target.list(prefix, signal)) {
					await pushBlob(instance, "p/busy", `busy ${++number}`);
					const id = doomed.pop();
					if (id !== undefined) await uploads.cancel("p/busy", id, forever);
					yield entry;
				}
			};
		},
	});
	const { found } = await verify({ store: busy });
	assert.deepEqual(found, []);
	assert.ok(number > 40);
	assert.equal(doomed.length, 0);
});
