import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { isRefused } from "#/metadata/refusal.ts";
import type { Replica } from "#/metadata/replicas.ts";
import {
	actor,
	type Bench,
	digestOf,
	done,
	type MetadataCase,
	project,
	refusalOf,
	sleep,
	uploadInput,
} from "./bench.ts";

/** As if all windows and delays that began so far were over, and those of a week with them. */
const due = (limit = 100) => ({ touchedBefore: Date.now() + 8 * 86_400_000, limit });

/** Every removal as far as it comes; answers how many projects are gone. */
async function removeAll({ metadata: { collection } }: Bench, limit?: number): Promise<number> {
	let removed = 0;
	for (;;) {
		const { reviewed, collected } = await collection.collectProjects(due(limit));
		if (reviewed === 0) return removed;
		removed += collected;
	}
}

/** The keys of all objects when what nobody uses was collected and its bytes deleted. */
async function keysLeft({ metadata: { collection, objects } }: Bench): Promise<readonly string[]> {
	for (const collect of [collection.collectLinks, collection.collectBlobs]) {
		while ((await collect(due())).reviewed === 100);
	}
	const claim = { holder: "gc", limit: 1000, leaseMs: 60_000, staleMs: 3_600_000 };
	for (const { store, key } of await objects.claimCondemned(claim)) await objects.forget(store, key);
	return (await objects.list("default", { limit: 1000 })).map(({ key }) => key);
}

/** What became of a resource. */
async function outcomeOf({ metadata: { controlState } }: Bench, uid: string): Promise<string | undefined> {
	const seen = (await controlState.observe(0, 1000)).findLast((resource) => resource.uid === uid);
	return seen && `${seen.reason} ${seen.message}`.trim();
}

const nothing = { blobBytes: 0, manifestBytes: 0, manifests: 0, repositories: 0 };

/** Repositories with all that there can be in them: tags that moved, an index, a referrer, deletions, an upload. */
async function fill(bench: Bench, name: string): Promise<void> {
	for (const repository of [name, `${name}/x`, `${name}/y/z`]) {
		for (const text of ["shared", `own of ${name}`, "gone"]) await bench.push(repository, text);
		const first = await bench.put(repository, { blobs: ["shared"], tags: ["v", "old"] });
		await bench.put(repository, { blobs: ["shared", `own of ${name}`], tags: ["v"] });
		await bench.put(repository, { text: "index", children: [first], tags: ["index"] });
		await bench.put(repository, { text: "signature", subject: first });
		const gone = await bench.put(repository, { blobs: ["gone"], tags: ["w"] });
		await done(bench.metadata.manifests.remove(repository, gone, actor));
		await done(bench.metadata.manifests.removeTag(repository, "old", undefined, actor));
	}
	await bench.push(`${name}/unpublished`, "shared");
}

const copied = (reference: string): Replica => ({
	reference,
	source: "library/app",
	state: "synced",
	sourceDigest: digestOf("one"),
	targetDigest: digestOf("one"),
	isOurs: true,
	pending: undefined,
	behindSince: undefined,
	generation: undefined,
});

/** Projects that are deleted, when they cannot come back any more. */
export const removalCases: readonly MetadataCase[] = [
	...[1, 3, 1000].map((limit) => ({
		name: `when its window is over a deleted project is gone with all it had, and others keep what they share (${limit} rows)`,
		async run(bench: Bench) {
			const { collection, repositories, usages, artifacts } = bench.metadata;
			await bench.projects("a", "a-b", "b");
			for (const name of ["a", "b"]) await fill(bench, name);
			await bench.put("a-b/x", { tags: ["v"] });
			const [before, kept] = [await repositories.find("a/x"), await usages.find("b")];
			await bench.apply([], ["uid-a"]);
			assert.deepEqual(
				await collection.collectProjects({ touchedBefore: Date.now() + 6 * 86_400_000, limit }),
				{ reviewed: 0, collected: 0, bytes: 0 },
				"its window is a week",
			);
			let steps = 0;
			for (let bytes = 0; ; steps++) {
				const step = await collection.collectProjects(due(limit));
				assert.ok(step.reviewed <= limit);
				bytes += step.bytes;
				await bench.checkUsage();
				if (step.collected === 0) continue;
				assert.equal(bytes, "shared".length + "own of a".length + "gone".length);
				break;
			}
			assert.ok(limit > 3 || steps > 45 / limit, `${steps} steps`);
			assert.equal(await removeAll(bench), 0);
			assert.deepEqual(await usages.find("a"), nothing);
			assert.deepEqual(await usages.find("b"), kept);
			assert.deepEqual(await repositories.catalog("all", { limit: 9 }), ["a-b/x", "b", "b/x", "b/y/z"]);
			assert.equal((await keysLeft(bench)).length, 3, "what b has");
			assert.equal((await collection.totals()).reclaimed.objects, 1);

			await bench.apply([{ ...project("a", { owner: "other/a" }), uid: "other" }]);
			assert.equal(await outcomeOf(bench, "other"), "Applied");
			assert.equal(await repositories.find("a/x"), undefined);
			assert.equal(await bench.tag("a/x", "v"), undefined);
			await bench.put("a/x", { tags: ["v"] });
			const after = await repositories.find("a/x");
			assert.ok(before !== undefined && after !== undefined && after.id > before.id);
			const listed = await artifacts.repositories({ uids: ["other"] }, { limit: 9 });
			assert.deepEqual(
				listed.map(({ repository }) => repository),
				["a/x"],
			);
			await bench.checkUsage();
		},
	})),
	{
		name: "a deleted project comes back with all it had until its removal begins, and one that was let go is never removed",
		async run(bench) {
			await bench.projects("a", "b");
			for (const name of ["a/x", "b/x"]) await bench.put(name, { tags: ["v"] });
			await bench.apply([], ["uid-a"], ["uid-b"]);
			await bench.projects("a");
			assert.equal(await removeAll(bench), 0);
			for (const name of ["a/x", "b/x"]) assert.ok(await bench.tag(name, "v"));
			await bench.apply([], ["uid-a"]);
			assert.equal(await removeAll(bench), 1);
			assert.ok(await bench.tag("b/x", "v"));
		},
	},
	{
		name: "while a project is emptied nobody gets its name, and then whoever waited longest does, with nothing in it",
		async run(bench) {
			const { collection, repositories } = bench.metadata;
			await bench.apply([project("a", { owner: "team/a" })]);
			await fill(bench, "a");
			await bench.apply([], ["uid-a"]);
			const other = { ...project("a", { owner: "other/a" }), uid: "other" };
			await bench.apply([other]);
			assert.match((await outcomeOf(bench, "other")) ?? "", /^NameTaken another project/);
			for (let step = 0; step < 4; step++) await collection.collectProjects(due(2));
			const again = { ...project("a", { owner: "team/a" }), uid: "again" };
			await bench.apply([again]);
			assert.match((await outcomeOf(bench, "again")) ?? "", /^NameTaken the deleted project a is being removed/);
			assert.equal(await repositories.find("a/x"), undefined);
			assert.equal((await refusalOf(bench.tryPut("a/new"))).reason, "project-unknown");
			await bench.apply([], ["other"]);
			assert.equal(await removeAll(bench, 2), 1);
			assert.equal(await outcomeOf(bench, "again"), "Applied");
			assert.equal((await bench.metadata.projects.find("a"))?.uid, "again");
			assert.deepEqual(await repositories.catalog("all", { limit: 9 }), []);
			assert.deepEqual(await bench.metadata.usages.find("a"), nothing);
		},
	},
	{
		name: "an upload that somebody holds is waited for, other projects are not kept waiting, and then its bytes go",
		async run(bench) {
			await bench.projects("a", "b");
			const { uploads } = bench.metadata;
			const { upload } = await done(uploads.create({ ...uploadInput("a/x", randomUUID()), leaseMs: 1500 }));
			await bench.put("b/x", {});
			await bench.apply([], ["uid-a", "uid-b"]);
			assert.equal(await removeAll(bench), 1, "b, and not a");
			assert.ok((await keysLeft(bench)).includes(upload.key));
			const until = Date.now() + 60_000;
			while ((await removeAll(bench)) === 0) {
				assert.ok(Date.now() < until);
				await sleep(50);
			}
			assert.deepEqual(await keysLeft(bench), []);
		},
	},
	{
		name: "policies forget what they copied into a removed project, and remember what they copied from it",
		async run(bench) {
			const { replicas } = bench.metadata;
			await bench.projects("a");
			await bench.put("a/x", { tags: ["v"] });
			const remote = { url: "https://registry.example.com" };
			const projects = { uids: ["uid-a"] };
			const policy = (uid: string, direction: string) => ({
				kind: "ReplicationPolicy" as const,
				uid,
				generation: 1,
				spec: { name: `team/${uid}`, direction, remote, projects },
			});
			await bench.apply([policy("pull", "Pull"), policy("push", "Push")]);
			for (const uid of ["pull", "push"]) {
				assert.equal(await outcomeOf(bench, uid), "Applied");
				await replicas.put(uid, "a/x", [copied("v"), copied("w")]);
				await replicas.put(uid, "b/x", [copied("v")]);
			}
			await bench.apply([], ["uid-a"]);
			await removeAll(bench, 1);
			const known = async (uid: string) => (await replicas.find(uid, "a/x", ["v", "w"])).length;
			assert.deepEqual([await known("pull"), await known("push")], [0, 2]);
			assert.equal((await replicas.find("pull", "b/x", ["v"])).length, 1);
		},
	},
	{
		name: "whatever is pushed at the same time as a project is deleted and removed, nothing of it is left",
		async run(bench) {
			const { blobs, collection, uploads } = bench.metadata;
			await bench.projects("b");
			await bench.push("b/x", "shared");
			const push = async (repository: string): Promise<void> => {
				const id = randomUUID();
				const created = await uploads.create({ ...uploadInput(repository, id), leaseMs: 20 });
				if (isRefused(created)) return;
				const { epoch } = created.upload;
				await uploads.complete({ id, epoch, digest: digestOf(id), size: 5, actor });
				await blobs.mount(repository, digestOf("shared"), "b/x", actor);
				await bench.tryPut(repository, { blobs: ["shared"], text: id, tags: ["v", id] });
			};
			for (let round = 0; round < 8; round++) {
				await bench.forgetful("a");
				assert.equal(await outcomeOf(bench, "uid-a"), "Applied");
				const pushes = Array.from({ length: 12 }, async (_, index) => {
					for (let i = 0; i < 3; i++) await push(`a/${index % 3}`);
				});
				const removals = Array.from({ length: 2 }, async () => {
					for (let i = 0; i < 12; i++) await collection.collectProjects(due(2));
				});
				await Promise.all([...pushes, bench.apply([], ["uid-a"]), ...removals]);
				const until = Date.now() + 60_000;
				do {
					assert.ok(Date.now() < until);
					await sleep(25);
					await removeAll(bench);
					await bench.forgetful("a");
				} while ((await outcomeOf(bench, "uid-a")) !== "Applied");
				assert.deepEqual(await bench.metadata.usages.find("a"), nothing);
				await bench.checkUsage();
				await bench.apply([], ["uid-a"]);
			}
			await uploads.expire(0, 1000);
			await bench.put("b/x", { blobs: ["shared"] });
			assert.equal((await keysLeft(bench)).length, 1, "what b has");
		},
	},
];
