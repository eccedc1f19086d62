import assert from "node:assert/strict";
import type { Move } from "#/metadata/moves.ts";
import { actor, type Bench, digestOf, done, type MetadataCase, project, refusalOf, uploadInput } from "./bench.ts";

/** Asks for project `a` in the store `cold`; answers its move, and the fence to move it with. */
const ask = async (bench: Bench, to = "cold"): Promise<{ readonly move: Move; readonly fence: number }> => {
	await bench.apply([{ ...project("a", { store: to }), generation: 2 }]);
	const { moves, outbox } = bench.metadata;
	const [move] = await moves.list({ after: 0, limit: 10 });
	const fence = await outbox.lease("move:a", "mover", 600_000);
	assert.ok(move !== undefined && fence !== undefined);
	return { move, fence };
};

/** Copies what the repositories lack, as far as rows tell. */
const copyAll = async ({ metadata: { moves } }: Bench, { projectId, to }: Move): Promise<number> => {
	let copied = 0;
	for (const { id } of await moves.repositories({ projectId, to, after: 0, limit: 100 })) {
		for (const { digest, size } of await moves.wanting({ repositoryId: id, to, after: "", limit: 100 })) {
			const copy = { store: to, key: `00/copy-${copied++}`, digest, size };
			await moves.intend({ store: to, key: copy.key, holder: "mover" });
			await moves.keep(to, copy.key);
			assert.deepEqual(await moves.place(copy), { duplicate: false });
		}
	}
	return copied;
};

/** Projects that go from one store to another. */
export const moveCases: readonly MetadataCase[] = [
	{
		name: "two stores have each its own blob of the same bytes, its own collection and its own quota",
		async run(bench) {
			await bench.apply([project("a"), project("c", { store: "cold", quotaBytes: 10 })]);
			const { blobs, objects, usages, collection, uploads } = bench.metadata;
			const { digest, duplicate } = await bench.push("a/x", "layer");
			assert.equal(duplicate, false);
			assert.equal((await bench.push("c/x", "layer")).duplicate, false, "no bytes are shared between stores");
			assert.equal((await bench.push("c/y", "layer")).duplicate, true);
			assert.equal((await blobs.find("c/x", digest))?.blob?.store, "cold");
			assert.deepEqual(await usages.stores(), ["cold", "default"]);
			assert.equal((await usages.find("c"))?.blobBytes, 5);
			const { upload } = await done(uploads.create(uploadInput("c/x", "another")));
			const over = { id: upload.id, epoch: upload.epoch, digest: digestOf("too much"), size: 8, actor };
			assert.equal((await refusalOf(uploads.complete(over))).reason, "guarded");
			await done(blobs.unlink("a/x", digest, actor));
			await collection.collectBlobs({ touchedBefore: Date.now() + 3_600_000, limit: 100 });
			const statesIn = async (store: string) => (await objects.list(store, { limit: 10 })).map(({ state }) => state);
			assert.deepEqual(await statesIn("default"), ["deleting"]);
			assert.ok((await statesIn("cold")).includes("live"));
			assert.ok((await blobs.find("c/x", digest))?.blob);
			await bench.checkUsage();
		},
	},
	{
		name: "a repository is put into another store with all that it has, once that has every blob of it",
		async run(bench) {
			await bench.projects("a", "b");
			const { moves, blobs, usages, repositories, history } = bench.metadata;
			const layer = (await bench.push("a/x", "layer")).digest;
			await bench.push("a/y", "layer");
			await bench.push("b/x", "layer");
			await bench.push("a/x", "old layer");
			const kept = await bench.put("a/x", { blobs: ["layer"], tags: ["v1"] });
			const old = await bench.put("a/x", { blobs: ["old layer"], tags: ["v0"] });
			await done(bench.metadata.manifests.remove("a/x", old, actor));
			const before = await usages.find("a");
			const { move, fence } = await ask(bench);
			assert.deepEqual([move.project, move.store, move.to], ["a", "default", "cold"]);
			const [x, y] = await moves.repositories({ ...move, after: 0, limit: 10 });
			assert.ok(x !== undefined && y !== undefined);
			assert.equal(await moves.switch(x.id, "cold", fence), "incomplete");
			assert.equal(await copyAll(bench, move), 2);
			assert.equal(await moves.switch(x.id, "cold", fence + 1), "lost");
			assert.equal(await moves.close(move.projectId, "cold", fence), false, "not before all are there");
			assert.equal(await moves.switch(x.id, "cold", fence), "moved");
			assert.equal(await moves.switch(x.id, "cold", fence), "moved");
			assert.deepEqual(await moves.progress(move), { repositories: 2, moved: 1 });
			assert.equal((await blobs.find("a/x", layer))?.blob?.store, "cold");
			assert.equal((await blobs.find("a/y", layer))?.blob?.store, "default");
			await bench.checkUsage();
			assert.equal(await moves.open(move.projectId, "cold", fence), true);
			await bench.put("a/new");
			assert.equal((await repositories.find("a/new"))?.store, "cold");
			assert.equal(await moves.switch(y.id, "cold", fence), "moved");
			assert.equal(await moves.close(move.projectId, "cold", fence), true);
			assert.deepEqual(await moves.list({ after: 0, limit: 10 }), []);
			assert.equal((await usages.find("a"))?.blobBytes, before?.blobBytes);
			assert.equal(await bench.tag("a/x", "v1"), kept);
			assert.ok("digest" in (await history.restoreManifest({ repository: "a/x", digest: old, actor })));
			assert.equal((await blobs.find("b/x", layer))?.blob?.store, "default");
			await bench.checkUsage();
		},
	},
	{
		name: "what was left behind is collected, what another project has stays, and what was copied in vain goes",
		async run(bench) {
			await bench.projects("a", "b");
			const { moves, collection, objects } = bench.metadata;
			await bench.push("a/x", "mine");
			await bench.push("a/x", "ours");
			await bench.push("b/x", "ours");
			const { move, fence } = await ask(bench);
			await copyAll(bench, move);
			const vain = { store: "cold", key: "00/vain", digest: digestOf("vain"), size: 4 };
			await moves.intend({ ...vain, holder: "mover" });
			await moves.place(vain);
			for (const { id } of await moves.repositories({ ...move, after: 0, limit: 10 })) {
				assert.equal(await moves.switch(id, "cold", fence), "moved");
			}
			await collection.collectBlobs({ touchedBefore: Date.now() + 3_600_000, limit: 100 });
			const live = async (store: string) =>
				(await objects.list(store, { limit: 10 })).filter(({ state }) => state === "live").map(({ digest }) => digest);
			assert.deepEqual(await live("default"), [digestOf("ours")]);
			assert.deepEqual((await live("cold")).toSorted(), [digestOf("mine"), digestOf("ours")].toSorted());
		},
	},
	{
		name: "an upload that was begun before its repository moved is told so, and changes nothing",
		async run(bench) {
			await bench.projects("a");
			const { moves, uploads, blobs } = bench.metadata;
			await bench.push("a/x", "first");
			const { id, epoch } = await bench.upload("a/x");
			const { move, fence } = await ask(bench);
			await copyAll(bench, move);
			const [x] = await moves.repositories({ ...move, after: 0, limit: 10 });
			assert.equal(await moves.switch(x?.id ?? 0, "cold", fence), "moved");
			const digest = digestOf("late");
			const refusal = await refusalOf(uploads.complete({ id, epoch, digest, size: 4, actor }));
			assert.equal(refusal.reason, "store-moved");
			assert.equal((await blobs.find("a/x", digest))?.blob, undefined);
			await bench.push("a/x", "late");
			assert.equal((await blobs.find("a/x", digest))?.blob?.store, "cold");
			await bench.checkUsage();
		},
	},
	{
		name: "a project that is asked back before anything moved is where it is to be at once",
		async run(bench) {
			await bench.projects("a");
			await bench.push("a/x", "layer");
			await ask(bench);
			await bench.apply([{ ...project("a"), generation: 3 }]);
			const { moves, outbox } = bench.metadata;
			const [move] = await moves.list({ after: 0, limit: 10 });
			assert.equal(move?.to, "default");
			const fence = (await outbox.lease("move:a", "mover", 600_000)) ?? 0;
			assert.equal(await moves.open(move.projectId, "cold", fence), false, "nobody wants it there any more");
			assert.equal(await moves.open(move.projectId, "default", fence), true);
			assert.equal(await moves.close(move.projectId, "default", fence), true);
			assert.deepEqual(await moves.list({ after: 0, limit: 10 }), []);
		},
	},
];
