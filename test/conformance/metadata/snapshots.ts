import assert from "node:assert/strict";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { actor, type Bench, digestOf, done, type MetadataCase, never } from "./bench.ts";

/** Snapshots and what a rebuild makes of them. */
export const snapshotCases: readonly MetadataCase[] = [
	{
		name: "a snapshot tells the segment that it reaches, and its hash",
		async run({ metadata: { outbox, objects, snapshots } }) {
			const empty = await snapshots.export("s", never);
			assert.deepEqual([empty.segment, empty.hash, await Array.fromAsync(empty.records)], [0, "", []]);
			const fence = (await outbox.lease("journal", "one", 10_000)) ?? assert.fail();
			await objects.intend({ store: "s", key: "journal/1", purpose: "journal", holder: "one" });
			assert.ok(await outbox.seal({ store: "s", number: 1, key: "journal/1", hash: "h1", size: 1 }, [], fence));
			const { segment, hash, records } = await snapshots.export("s", never);
			assert.deepEqual([segment, hash, await Array.fromAsync(records)], [1, "h1", []]);
		},
	},
	{
		name: "a snapshot is of one instant, in an order that can be applied",
		async run(bench) {
			await fill(bench);
			const { segment, records } = await bench.metadata.snapshots.export("default", never);
			assert.equal(segment, 0);
			await bench.put("a/x", { text: "after", tags: ["after"] });
			const kinds = (await Array.fromAsync(records)).map((record) => record.kind);
			assert.deepEqual(kinds, [
				"project-put",
				"project-put",
				"project-removed",
				"object-live",
				"repository-created",
				"repository-created",
				"blob-linked",
				"blob-linked",
				"manifest-put",
				"manifest-put",
				"tag-moved",
				"tag-removed",
				"tag-moved",
			]);
		},
	},
	{
		name: "a snapshot holds no other store's state",
		async run(bench) {
			await fill(bench);
			const { records } = await bench.metadata.snapshots.export("cold", never);
			assert.deepEqual(await Array.fromAsync(records), []);
		},
	},
	{
		name: "records of a snapshot change nothing where they came from",
		async run(bench) {
			await fill(bench);
			const before = await snapshot(bench);
			await bench.metadata.snapshots.restore(before);
			await bench.metadata.snapshots.restore(before.toReversed().filter(({ kind }) => kind !== "project-removed"));
			assert.deepEqual(await snapshot(bench), before);
			await bench.checkUsage();
		},
	},
	{
		name: "a snapshot tells when manifests were pulled last, and pushed again",
		async run(bench) {
			await bench.forgetful("a");
			const { manifests, artifacts, pulls, repositories, snapshots } = bench.metadata;
			const digest = await bench.put("a/x", { text: "1" });
			await bench.put("a/x", { text: "1" });
			const repositoryId = (await repositories.find("a/x"))?.id ?? assert.fail();
			await pulls.note([{ repositoryId, digest, at: 1_000 }]);
			const before = await artifacts.list("a/x", { limit: 9 });
			assert.equal(before[0]?.pulledAt, 1_000);
			const records = await snapshot(bench);
			await done(manifests.remove("a/x", digest, actor));
			await snapshots.restore(records);
			assert.deepEqual(await artifacts.list("a/x", { limit: 9 }), before);
			await pulls.note([{ repositoryId, digest, at: 2_000 }]);
			await snapshots.restore(records);
			assert.equal((await artifacts.list("a/x", { limit: 9 }))[0]?.pulledAt, 2_000, "the later one holds");
		},
	},
	{
		name: "a snapshot that nobody reads ends with its signal",
		async run(bench) {
			await fill(bench);
			const end = new AbortController();
			const { records } = await bench.metadata.snapshots.export("default", end.signal);
			end.abort(new Error("enough"));
			await assert.rejects(Array.fromAsync(records), /enough/);
		},
	},
	{
		name: "a record of unknown form is refused, with all that came along",
		async run(bench) {
			await bench.projects("a");
			const record = (kind: string, body: object) => ({ kind, body: JSON.stringify(body), store: "default", at: 1 });
			const good = record("repository-created", { repository: "a/x", project: "a", actor });
			for (const bad of [record("nonsense", {}), record("blob-linked", { repository: "a/x" })]) {
				await assert.rejects(async () => bench.metadata.snapshots.restore([good, bad]));
			}
			assert.equal(await bench.metadata.repositories.find("a/x"), undefined);
		},
	},
];

async function fill(bench: Bench): Promise<void> {
	await bench.projects("a", "b");
	await bench.push("a/x", "layer");
	await bench.push("a/y", "layer");
	await bench.put("a/x", { blobs: ["layer"], tags: ["v"] });
	await bench.put("a/x", { subject: digestOf("s"), annotations: { k: "v" }, tags: ["v"] });
	await done(bench.metadata.uploads.cancel("a/y", (await bench.upload("a/y")).id));
	await bench.apply([], ["uid-b"]);
}

async function snapshot(bench: Bench): Promise<JournalRecord[]> {
	return Array.fromAsync((await bench.metadata.snapshots.export("default", never)).records);
}
