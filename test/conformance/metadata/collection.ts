import assert from "node:assert/strict";
import { isRefused } from "#/metadata/refusal.ts";
import { actor, type Bench, digestOf, done, type MetadataCase, sleep } from "./bench.ts";

/** Everything that was touched so far is due. */
const due = (limit = 100) => ({ touchedBefore: Date.now() + 3_600_000, limit });

const claim = { holder: "gc", limit: 100, leaseMs: 60_000, staleMs: 3_600_000 };

/** All that a collector and a sweeper have to do, after which only what is used is there. */
async function collectAll({ metadata: { collection, objects } }: Bench): Promise<void> {
	for (const collect of [collection.collectLinks, collection.collectBlobs]) {
		while ((await collect(due(7))).reviewed === 7);
	}
	for (const { store, key } of await objects.claimCondemned(claim)) await objects.forget(store, key);
}

async function live(bench: Bench, repository: string, text: string): Promise<boolean> {
	return (await bench.metadata.blobs.find(repository, digestOf(text)))?.blob !== undefined;
}

/** Links and blobs that nobody uses. */
export const collectionCases: readonly MetadataCase[] = [
	{
		name: "a link that no manifest uses goes with its usage, and the blob with its last link",
		async run(bench) {
			await bench.forgetful("a", "b");
			const { collection, objects, usages } = bench.metadata;
			for (const text of ["used", "unused"]) await bench.push("a/x", text);
			await bench.put("a/x", { blobs: ["used"], tags: ["v"] });
			await done(bench.metadata.blobs.mount("b/y", digestOf("unused"), "a/x", actor));
			await bench.put("b/y", { blobs: ["unused"] });
			assert.deepEqual(await collection.collectLinks(due()), { reviewed: 3, collected: 1, bytes: 6 });
			assert.deepEqual(await collection.collectLinks(due()), { reviewed: 0, collected: 0, bytes: 0 });
			assert.deepEqual([await live(bench, "a/x", "used"), await live(bench, "a/x", "unused")], [true, false]);
			assert.deepEqual(await collection.collectBlobs(due()), { reviewed: 1, collected: 0, bytes: 0 });
			assert.ok(await live(bench, "b/y", "unused"), "another repository uses it");
			assert.equal((await usages.find("a"))?.blobBytes, 4);
			const [manifest] = (await bench.metadata.outbox.unjournaled(100, 1e6)).filter(
				(row) => row.kind === "manifest-put" && row.body.includes("b/y"),
			);
			const { digest } = JSON.parse(manifest?.body ?? "{}");
			await done(bench.metadata.manifests.remove("b/y", digest, actor));
			assert.deepEqual(await collection.collectLinks(due()), { reviewed: 1, collected: 1, bytes: 6 });
			assert.deepEqual(await collection.collectBlobs(due()), { reviewed: 1, collected: 1, bytes: 6 });
			const [condemned] = await objects.claimCondemned(claim);
			assert.equal(condemned?.digest, digestOf("unused"));
			await bench.checkUsage();
		},
	},
	{
		name: "while a pin is held no object of a blob is condemned, and afterwards it is",
		async run(bench) {
			await bench.forgetful("a");
			const { collection, outbox } = bench.metadata;
			await bench.push("a/x", "unused");
			assert.equal((await collection.collectLinks(due())).collected, 1);
			assert.ok(await outbox.lease("pin:backup", "one", 60_000));
			const nothing = { reviewed: 0, collected: 0, bytes: 0 };
			assert.deepEqual(await collection.collectBlobs(due()), nothing);
			assert.ok(await outbox.lease("pinned", "one", 60_000));
			assert.ok(await outbox.lease("pin:backup", "one", 0));
			assert.deepEqual(await collection.collectBlobs(due()), { reviewed: 1, collected: 1, bytes: 6 });
		},
	},
	{
		name: "nothing is looked at that was touched since, and a link that is touched again is left alone anew",
		async run(bench) {
			await bench.forgetful("a");
			const { blobs, collection } = bench.metadata;
			const { digest } = await bench.push("a/x", "one");
			const touched = async () => (await blobs.find("a/x", digest))?.touchedAt ?? assert.fail();
			const first = await touched();
			const nothing = { reviewed: 0, collected: 0, bytes: 0 };
			assert.deepEqual(await collection.collectLinks({ touchedBefore: first, limit: 9 }), nothing);
			const touches = [
				() => blobs.touch("a/x", digest),
				() => bench.push("a/x", "one"),
				() => blobs.mount("a/x", digest, "a/x", actor),
				async () => {
					const manifest = await bench.put("a/x", { blobs: ["one"] });
					await done(bench.metadata.manifests.remove("a/x", manifest, actor));
				},
			];
			for (const touch of touches) {
				const before = await touched();
				await sleep(3);
				await touch();
				const after = await touched();
				assert.ok(after > before, String(touch));
				assert.deepEqual(await collection.collectLinks({ touchedBefore: after, limit: 9 }), nothing);
			}
			const until = (await touched()) + 1;
			assert.equal((await collection.collectLinks({ touchedBefore: until, limit: 9 })).collected, 1);
			assert.equal(await blobs.touch("a/x", digest), false);
			const collected = await collection.collectBlobs({ touchedBefore: until, limit: 9 });
			assert.equal(collected.collected, 1, "the blob's delay has passed with its last link's");
		},
	},
	{
		name: "a link that somebody takes away leaves a blob that is left alone for a delay of its own",
		async run(bench) {
			await bench.projects("a");
			const { blobs, collection } = bench.metadata;
			const { digest } = await bench.push("a/x", "one");
			const { touchedAt = 0 } = (await blobs.find("a/x", digest)) ?? {};
			await sleep(3);
			await done(blobs.unlink("a/x", digest, actor));
			const early = { touchedBefore: touchedAt + 1, limit: 9 };
			assert.equal((await collection.collectLinks(early)).reviewed, 0);
			assert.equal((await collection.collectBlobs(early)).reviewed, 0);
			await bench.push("a/y", "one");
			assert.deepEqual(await collection.collectBlobs(due()), { reviewed: 1, collected: 0, bytes: 0 });
			assert.ok(await live(bench, "a/y", "one"));
		},
	},
	{
		name: "the review of a link that a manifest uses ends, and begins again with the manifest's end",
		async run(bench) {
			await bench.forgetful("a");
			const { blobs, collection } = bench.metadata;
			const { digest } = await bench.push("a/x", "one");
			const manifest = await bench.put("a/x", { blobs: ["one"] });
			await collection.collectLinks(due());
			assert.equal((await blobs.find("a/x", digest))?.touchedAt, undefined);
			assert.equal(await blobs.touch("a/x", digest), false);
			await done(bench.metadata.manifests.remove("a/x", manifest, actor));
			assert.notEqual((await blobs.find("a/x", digest))?.touchedAt, undefined);
			await collectAll(bench);
			assert.equal(await live(bench, "a/x", "one"), false);
			assert.deepEqual(await bench.metadata.objects.list("default", { limit: 9 }), []);
			await bench.checkUsage();
		},
	},
	{
		name: "a repository that never had a manifest goes with its last link, unless an upload is open",
		async run(bench) {
			await bench.projects("a");
			const { collection, repositories } = bench.metadata;
			for (const name of ["a/empty", "a/busy"]) await bench.push(name, "one");
			await bench.put("a/published", {});
			await bench.push("a/published", "one");
			await bench.upload("a/busy");
			assert.equal((await collection.collectLinks(due())).collected, 3);
			assert.equal(await repositories.find("a/empty"), undefined);
			for (const name of ["a/busy", "a/published"]) assert.ok(await repositories.find(name), name);
			await bench.checkUsage();
		},
	},
	{
		name: "content of a deleted project is collected like any other, and stays where a manifest uses it",
		async run(bench) {
			await bench.projects("a");
			for (const text of ["used", "unused"]) await bench.push("a/x", text);
			await bench.put("a/x", { blobs: ["used"] });
			await bench.apply([], ["uid-a"]);
			await collectAll(bench);
			await bench.projects("a");
			assert.deepEqual([await live(bench, "a/x", "used"), await live(bench, "a/x", "unused")], [true, false]);
			await bench.checkUsage();
		},
	},
	{
		name: "pushes, mounts and manifests at the same time as collection never lose what was acknowledged",
		async run(bench) {
			await bench.forgetful("a", "b");
			const { blobs, manifests } = bench.metadata;
			const texts = ["one", "two", "three"];
			const names = ["a/1", "a/2", "b/1"];
			for (let round = 0; round < 12; round++) {
				const text = texts[round % 3] ?? "";
				const digest = digestOf(text);
				const work = names.map(async (name, index) => {
					const from = names[(index + 1) % 3] ?? "";
					const mounted = await blobs.mount(name, digest, from, actor);
					if (isRefused(mounted) || !mounted.mounted) await bench.push(name, text);
					const put = await bench.tryPut(name, { blobs: [text], text: `${round}` });
					// Its link can have gone in between, for here the delay is nothing: then it is refused whole.
					if (isRefused(put)) return assert.equal(put.refused.reason, "content-unknown");
					assert.ok(await live(bench, name, text), `${name} has what its manifest names`);
				});
				const collecting = Array.from({ length: 4 }, () => collectAll(bench));
				await Promise.all([...work, ...collecting]);
				await bench.checkUsage();
				const rows = await bench.metadata.outbox.unjournaled(10_000, 1e8);
				for (const row of rows.filter(({ kind }) => kind === "manifest-put")) {
					const { repository, digest: manifest, blobs: named } = JSON.parse(row.body);
					const reference = { kind: "digest", digest: manifest } as const;
					const there = (await manifests.find(repository, reference, { payload: false }))?.manifest;
					if (there === undefined) continue;
					for (const blob of named) assert.ok((await blobs.find(repository, blob))?.blob, "no manifest dangles");
					if (round % 2 === 1) await done(manifests.remove(repository, manifest, actor));
				}
			}
			for (const row of await bench.metadata.outbox.unjournaled(10_000, 1e8)) {
				if (row.kind !== "manifest-put") continue;
				const { repository, digest: manifest } = JSON.parse(row.body);
				await manifests.remove(repository, manifest, actor);
			}
			await collectAll(bench);
			assert.deepEqual(await bench.metadata.objects.list("default", { limit: 9 }), [], "not a byte is left");
			for (const project of ["a", "b"]) assert.equal((await bench.metadata.usages.find(project))?.blobBytes, 0);
			await bench.checkUsage();
		},
	},
	{
		name: "totals count each object once when it is condemned, and never what is used, linked elsewhere or can be restored",
		async run(bench) {
			const { collection, manifests, objects, blobs } = bench.metadata;
			await bench.projects("a", "b");
			const totals = () => collection.totals();
			for (const text of ["held", "shared", "alone"]) await bench.push("a/x", text);
			await bench.put("a/x", { blobs: ["held"] });
			const manifest = await bench.put("a/x", { blobs: ["held"], text: "once more" });
			await done(blobs.mount("b/y", digestOf("shared"), "a/x", actor));
			await bench.put("b/y", { blobs: ["shared"] });
			const alone = { objects: 1, bytes: 5 };
			assert.deepEqual((await totals()).waiting, { reviews: 4, ...alone });
			for (const digest of [manifest, await bench.put("a/x", { blobs: ["held"] })]) {
				await done(manifests.remove("a/x", digest, actor));
			}
			assert.deepEqual((await totals()).waiting, { reviews: 4, ...alone }, "what was deleted can be restored");
			await collection.collectLinks(due());
			assert.deepEqual((await totals()).waiting, { reviews: 3, ...alone });
			await collection.collectBlobs(due());
			const { reclaimed, waiting } = await totals();
			assert.deepEqual([reclaimed.objects, reclaimed.bytes], [1, 5]);
			assert.deepEqual(waiting, { reviews: 0, ...alone });
			for (const { store, key } of await objects.claimCondemned(claim)) await objects.forget(store, key);
			assert.deepEqual(await totals(), { reclaimed, waiting: { reviews: 0, objects: 0, bytes: 0 } });
		},
	},
	{
		name: "no reference dangles while everything is there, whatever the pages, and each is looked at once",
		async run(bench) {
			await bench.projects("a");
			for (const text of ["one", "two", "three"]) await bench.push("a/x", text);
			await bench.put("a/x", { blobs: ["one"] });
			const gone = await bench.put("a/x", { blobs: ["one", "two"] });
			await done(bench.metadata.manifests.remove("a/x", gone, actor));
			const looked: Record<string, number> = {};
			for (const kind of ["blobs", "links", "manifests", "deleted"] as const) {
				for (const limit of [1, 2, 100]) {
					let sum = 0;
					for (let after: readonly (string | number)[] | undefined; ; ) {
						const page = await bench.metadata.objects.dangling({ store: "default", kind, after, limit });
						assert.deepEqual(page.found, []);
						sum += page.looked;
						after = page.next;
						if (after === undefined) break;
					}
					assert.equal(looked[kind] ?? sum, sum);
					looked[kind] = sum;
				}
			}
			assert.deepEqual(looked, { blobs: 3, links: 3, manifests: 1, deleted: 2 });
		},
	},
];
