import assert from "node:assert/strict";
import { digestOf, done, type MetadataCase, project, refusalOf } from "./bench.ts";

/** Blobs and their links. */
export const blobCases: readonly MetadataCase[] = [
	{
		name: "a blob is seen only through a link of the repository",
		async run(bench) {
			await bench.projects("a");
			const { blobs } = bench.metadata;
			const { digest } = await bench.push("a/x", "layer");
			await bench.put("a/y");
			const found = await blobs.find("a/x", digest);
			assert.equal(found?.repository.name, "a/x");
			assert.deepEqual({ ...found?.blob, key: "" }, { digest, size: 5, store: "default", key: "" });
			assert.equal((await blobs.find("a/y", digest))?.blob, undefined);
			assert.equal((await blobs.find("a/y", digest))?.repository.name, "a/y");
			assert.equal(await blobs.find("a/z", digest), undefined);
		},
	},
	{
		name: "a blob is mounted from a repository that has it, in the same store only",
		async run(bench) {
			await bench.apply([project("a"), project("b"), project("c", { store: "cold" })]);
			const { blobs, repositories } = bench.metadata;
			const { digest } = await bench.push("a/x", "layer");
			const mount = (to: string, from: string) => blobs.mount(to, digest, from, "ann");
			assert.deepEqual(await mount("c/x", "a/x"), { mounted: false });
			assert.deepEqual(await mount("b/x", "b/y"), { mounted: false });
			assert.equal(await repositories.find("b/x"), undefined, "a mount in vain makes no repository");
			assert.deepEqual(await mount("b/x", "a/x"), { mounted: true });
			assert.deepEqual(await mount("b/x", "a/x"), { mounted: true });
			assert.deepEqual((await blobs.find("b/x", digest))?.blob, (await blobs.find("a/x", digest))?.blob);
			assert.equal((await refusalOf(mount("z/x", "a/x"))).reason, "project-unknown");
			await bench.checkUsage();
		},
	},
	{
		name: "the holders of a blob are those of the repository's own project",
		async run(bench) {
			await bench.projects("a", "b");
			const { blobs } = bench.metadata;
			for (const name of ["a/3", "a/1", "b/1", "a/2"]) await bench.push(name, "layer");
			const digest = digestOf("layer");
			assert.deepEqual(await blobs.holders("a/new", digest, 10), ["a/1", "a/2", "a/3"]);
			assert.equal((await blobs.holders("a/1", digest, 2)).length, 2);
			assert.deepEqual(await blobs.holders("z/1", digest, 10), []);
			assert.deepEqual(await blobs.holders("a/1", digestOf("other"), 10), []);
		},
	},
	{
		name: "an unlinked blob is gone from its repository and stays in others",
		async run(bench) {
			await bench.projects("a");
			const { blobs } = bench.metadata;
			const { digest } = await bench.push("a/x", "layer");
			await bench.push("a/y", "layer");
			assert.deepEqual(await done(blobs.unlink("a/x", digest, "ann")), { unlinked: true });
			assert.equal((await blobs.find("a/x", digest))?.blob, undefined);
			assert.ok((await blobs.find("a/y", digest))?.blob);
			assert.deepEqual(await refusalOf(blobs.unlink("a/x", digest, "ann")), { reason: "blob-unknown", digest });
			assert.equal((await refusalOf(blobs.unlink("a/z", digest, "ann"))).reason, "repository-unknown");
			await bench.checkUsage();
		},
	},
	{
		name: "a project is charged once for a blob, and another project too",
		async run(bench) {
			await bench.forgetful("a", "b");
			const { blobs, usages } = bench.metadata;
			const { digest } = await bench.push("a/x", "12345");
			await bench.push("a/y", "12345");
			await done(blobs.mount("b/x", digest, "a/x", "ann"));
			const manifest = await bench.put("a/x", { blobs: ["12345"] });
			const { size } =
				(await bench.metadata.manifests.find("a/x", { kind: "digest", digest: manifest }, { payload: false }))
					?.manifest ?? assert.fail();
			assert.deepEqual(await usages.find("a"), { blobBytes: 5, manifestBytes: size, manifests: 1, repositories: 2 });
			assert.deepEqual(await usages.find("b"), { blobBytes: 5, manifestBytes: 0, manifests: 0, repositories: 1 });
			await bench.checkUsage();
			await done(bench.metadata.manifests.remove("a/x", manifest, "ann"));
			await done(blobs.unlink("a/x", digest, "ann"));
			assert.equal((await usages.find("a"))?.blobBytes, 5);
			await done(blobs.unlink("a/y", digest, "ann"));
			assert.equal((await usages.find("a"))?.blobBytes, 0);
			await bench.checkUsage();
			assert.equal(await usages.find("z"), undefined);
		},
	},
	{
		name: "a blob that is being collected is absent to mounts and pushes, and a push brings it back under its own key",
		async run(bench) {
			await bench.projects("a");
			const { blobs, objects, uploads } = bench.metadata;
			const { digest } = await bench.push("a/x", "layer");
			const old = (await blobs.find("a/x", digest))?.blob?.key ?? assert.fail();
			await assert.rejects(objects.condemn("default", old), /linked/);
			await done(blobs.unlink("a/x", digest, "ann"));
			await objects.condemn("default", old);
			await objects.condemn("default", old);
			assert.deepEqual(await blobs.mount("a/y", digest, "a/x", "ann"), { mounted: false });
			const upload = await bench.upload("a/x");
			const done1 = await done(uploads.complete({ id: upload.id, epoch: upload.epoch, digest, size: 5, actor: "ann" }));
			assert.deepEqual(done1, { duplicate: false });
			assert.equal((await blobs.find("a/x", digest))?.blob?.key, upload.key);
			// The collector, which was slow, deletes the one key that it meant.
			const claimed = await objects.claimCondemned({ holder: "gc", limit: 9, leaseMs: 60_000, staleMs: 60_000 });
			assert.deepEqual(
				claimed.map(({ key, digest: was }) => ({ key, was })),
				[{ key: old, was: digest }],
			);
			await objects.forget("default", old);
			assert.equal((await blobs.find("a/x", digest))?.blob?.key, upload.key);
			assert.deepEqual(
				(await objects.list("default", { limit: 9 })).map(({ key }) => key),
				[upload.key],
			);
		},
	},
];
