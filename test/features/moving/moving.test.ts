import assert from "node:assert/strict";
import { test } from "node:test";
import { Mover } from "#/features/moving/index.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import { digestOf } from "#/oci/digest.ts";
import { idSource } from "#/registry/new-id.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { bodyOf } from "../../support/bodies.ts";
import { journalAll } from "../../support/journal.ts";
import { assertSame, rebuilt, snapshot } from "../../support/rebuilding.ts";
import {
	forever,
	openRegistryHarness,
	pullBlob,
	pushBlob,
	pushImage,
	type RegistryHarness,
	startUpload,
} from "../../support/registry.ts";
import { randomBelow, seededRandom } from "../../support/seeded-random.ts";

/** Asks for the project in the store, as the operator does. */
const ask = async (metadata: Metadata, project: string, store: string): Promise<void> => {
	const { epoch, base } = await metadata.controlState.begin("test");
	const upserts = [{ kind: "Project", uid: `uid-${project}`, generation: 1, spec: { name: project, store } }] as const;
	assert.ok("base" in (await metadata.controlState.apply({ epoch, base, upserts, deletes: [] })));
};

const moverOf = (
	{ metadata, stores }: Pick<RegistryHarness, "metadata" | "stores">,
	way: ReadonlyMap<string, BlobStore> = stores,
) => {
	const events: RegistryEvent[] = [];
	const report = (event: RegistryEvent): void => void events.push(event);
	const deps = { metadata, stores: way, holder: "mover", newId: idSource(), clock: systemClock, report };
	return { mover: new Mover(deps), events };
};

const move = async (harness: RegistryHarness, project = "p", store = "other"): Promise<void> => {
	await ask(harness.metadata, project, store);
	const { mover } = moverOf(harness);
	assert.equal((await mover.round(forever)).arrived, 1);
	assert.equal((await mover.round(forever)).arrived, 0);
};

const reportOf = async (metadata: Metadata, project: string): Promise<unknown> =>
	(await metadata.controlState.observe(0, 100)).find(({ uid }) => uid === `uid-${project}`)?.report;

/** A store whose calls of one kind fail, or run something first. */
const hookedOn = (store: BlobStore, call: keyof BlobStore, before: () => void | Promise<void>): BlobStore =>
	new Proxy(store, {
		get(target, property) {
			const member: unknown = Reflect.get(target, property, target);
			if (typeof member !== "function") return member;
			if (property !== call) return member.bind(target);
			return async (...input: unknown[]) => {
				await before();
				return await Reflect.apply(member, target, input);
			};
		},
	});

test("what a project has is in the other store, with the same tags and digests, and pushes go there", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	const image = await pushImage(instance, "p/r", "v1", "config", "layer");
	const shared = await pushBlob(instance, "p/s", "layer");
	await pushImage(instance, "q/r", "v1", "config", "layer");
	await move(harness);
	const { metadata, objects } = harness;
	assert.equal((await metadata.repositories.find("p/r"))?.store, "other");
	assert.equal((await metadata.projects.find("p"))?.store, "other");
	const found = await metadata.manifests.find("p/r", { kind: "tag", tag: "v1" }, { payload: true });
	assert.equal(found?.manifest?.digest, image);
	for (const repository of ["p/r", "p/s"]) {
		assert.equal((await pullBlob(instance, repository, shared)).toString(), "layer");
		assert.equal((await metadata.blobs.find(repository, shared))?.blob?.store, "other");
	}
	assert.equal((await metadata.blobs.find("q/r", shared))?.blob?.store, "default");
	await pushBlob(instance, "p/new", "pushed later");
	assert.equal(objects.get("other")?.finished.size, 3);
	for (const { project, usage } of await metadata.usages.recount()) {
		assert.deepEqual(await metadata.usages.find(project), usage, project);
	}
	await harness.assertSound();
});

test("the bytes in the former store go after the delay, unless another project has them", async () => {
	await using harness = await openRegistryHarness();
	const { metadata, objects } = harness;
	const instance = harness.instance();
	for (const content of ["mine", "ours"]) await pushBlob(instance, "p/r", content);
	await pushBlob(instance, "q/r", "ours");
	await move(harness);
	assert.equal(objects.get("default")?.finished.size, 2);
	const step = { touchedBefore: Date.now() + 60_000, limit: 100 };
	assert.equal((await metadata.collection.collectBlobs(step)).collected, 1);
	await new Sweeper({
		...metadata,
		objects: metadata.objects,
		uploads: metadata.uploads,
		history: metadata.history,
		stores: harness.stores,
		holder: "sweeper",
		clock: systemClock,
		report: () => undefined,
	}).round(forever);
	assert.equal(objects.get("default")?.finished.size, 1);
	assert.equal((await pullBlob(instance, "p/r", digestOf(Buffer.from("mine")))).toString(), "mine");
	assert.equal((await pullBlob(instance, "q/r", digestOf(Buffer.from("ours")))).toString(), "ours");
	await harness.assertSound();
});

test("an upload that was open while its repository moved becomes a blob in the new store", async () => {
	await using harness = await openRegistryHarness();
	const instance = harness.instance();
	await pushBlob(instance, "p/r", "first");
	const id = await startUpload(instance, "p/r");
	const content = Buffer.from("in two pieces");
	await instance.registry.uploads.append({ repository: "p/r", id }, bodyOf(content.subarray(0, 6)), forever);
	await move(harness);
	const digest = digestOf(content);
	const finish = { repository: "p/r", id, digest, actor: "user:test" };
	await instance.registry.uploads.finish(finish, bodyOf(content.subarray(6)), forever);
	assert.deepEqual(await pullBlob(instance, "p/r", digest), content);
	assert.equal((await harness.metadata.blobs.find("p/r", digest))?.blob?.store, "other");
	await harness.drain();
	assert.equal(await harness.metadata.uploads.find("p/r", id), undefined);
	assert.equal(harness.objects.get("default")?.finished.size, 1);
	await harness.assertSound();
});

test("a store that does not answer leaves the project where it is, and says so, until it answers", async () => {
	await using harness = await openRegistryHarness();
	const { metadata, stores } = harness;
	const digest = await pushBlob(harness.instance(), "p/r", "content");
	await ask(metadata, "p", "other");
	let isAway = true;
	const other = stores.get("other");
	assert.ok(other);
	const away = hookedOn(other, "stat", () => {
		if (isAway) throw new StoreError("UNAVAILABLE", "store other: no answer");
	});
	const { mover, events } = moverOf(harness, new Map([...stores, ["other", away]]));
	const { arrived, waiting } = await mover.round(forever);
	assert.deepEqual([arrived, waiting], [0, 1]);
	assert.equal(events[0]?.event, "move.failed");
	assert.deepEqual(await reportOf(metadata, "p"), {
		move: { to: "other", repositories: 1, moved: 0, copiedBlobs: 0, copiedBytes: 0, message: "store other: no answer" },
	});
	await pushBlob(harness.instance(), "p/new", "more");
	assert.equal((await metadata.repositories.find("p/new"))?.store, "default");
	isAway = false;
	await move(harness);
	assert.equal((await metadata.blobs.find("p/r", digest))?.blob?.store, "other");
	assert.deepEqual(await reportOf(metadata, "p"), {});
});

test("a project whose store is away goes at once to another that is named then", async () => {
	await using harness = await openRegistryHarness();
	const { metadata, stores } = harness;
	const other = stores.get("other") ?? assert.fail();
	await pushBlob(harness.instance(), "p/r", "content");
	await ask(metadata, "p", "other");
	const away = hookedOn(other, "stat", () => {
		throw new StoreError("UNAVAILABLE", "store other: no answer");
	});
	const { mover } = moverOf(harness, new Map([...stores, ["other", away], ["third", other]]));
	assert.equal((await mover.round(forever)).waiting, 1);
	await ask(metadata, "p", "third");
	assert.equal((await mover.round(forever)).arrived, 1);
	assert.equal((await metadata.repositories.find("p/r"))?.store, "third");
});

test("however many wait for a store that is away, the others go", async () => {
	await using harness = await openRegistryHarness();
	const { metadata, stores } = harness;
	const other = stores.get("other") ?? assert.fail();
	const begin = async (project: string, to: string): Promise<void> => {
		await ask(metadata, project, "default");
		await pushBlob(harness.instance(), `${project}/r`, "content");
		await ask(metadata, project, to);
	};
	for (let i = 0; i < 101; i++) await begin(`waits-${i}`, "other");
	await begin("goes", "third");
	const away = hookedOn(other, "stat", () => {
		throw new StoreError("UNAVAILABLE", "store other: no answer");
	});
	const { mover } = moverOf(harness, new Map([...stores, ["other", away], ["third", other]]));
	const { arrived, waiting } = await mover.round(forever);
	assert.deepEqual([arrived, waiting], [1, 101]);
	assert.equal((await metadata.repositories.find("goes/r"))?.store, "third");
});

test("a project that is asked back goes back, wherever it is by then", async () => {
	await using harness = await openRegistryHarness();
	const { metadata } = harness;
	for (const repository of ["p/a", "p/b"]) await pushBlob(harness.instance(), repository, repository);
	await ask(metadata, "p", "other");
	const [first] = await metadata.moves.list({ after: 0, limit: 10 });
	assert.ok(first);
	const fence = (await metadata.outbox.lease("half", "test", 60_000)) ?? 0;
	const [repository] = await metadata.moves.repositories({ ...first, after: 0, limit: 1 });
	assert.ok(repository);
	assert.equal(await metadata.moves.switch(repository.id, "other", fence), "incomplete");
	await move(harness);
	await move(harness, "p", "default");
	for (const name of ["p/a", "p/b"]) assert.equal((await metadata.repositories.find(name))?.store, "default");
	await harness.assertSound();
});

test("bytes that are not those of their digest are not moved, and the project stays", async () => {
	await using harness = await openRegistryHarness();
	const digest = await pushBlob(harness.instance(), "p/r", Buffer.alloc(5_000, "x"));
	const key = (await harness.metadata.blobs.find("p/r", digest))?.blob?.key ?? "";
	const bytes = harness.objects.get("default")?.finished.get(key)?.bytes;
	assert.ok(bytes?.[1000] !== undefined);
	bytes[1000] ^= 1;
	await ask(harness.metadata, "p", "other");
	const { mover, events } = moverOf(harness);
	assert.equal((await mover.round(forever)).arrived, 0);
	assert.match(String(events[0]?.error), /expected sha256:/);
	assert.equal((await harness.metadata.repositories.find("p/r"))?.store, "default");
	assert.equal(harness.objects.get("other")?.finished.size, 0);
});

for (const when of ["before it moved", "after it moved", "never"] as const) {
	test(`a registry is rebuilt with what moved, with the snapshot of the former store taken ${when}`, async () => {
		await using harness = await openRegistryHarness();
		const instance = harness.instance();
		await pushImage(instance, "p/r", "v1", "config", "layer");
		await pushImage(instance, "p/r", "v2", "config", "removed");
		const gone = await harness.metadata.manifests.find("p/r", { kind: "tag", tag: "v2" }, { payload: false });
		assert.ok(gone?.manifest);
		await harness.metadata.manifests.remove("p/r", gone.manifest.digest, "user:test");
		await journalAll(harness);
		if (when === "before it moved") await snapshot(harness);
		await move(harness);
		await pushImage(instance, "p/r", "v3", "config", "later");
		await harness.metadata.manifests.removeTag("p/r", "v1", undefined, "user:test");
		await journalAll(harness);
		if (when === "after it moved") await snapshot(harness);
		await using again = await rebuilt(harness);
		await assertSame(harness, again);
		assert.equal((await again.metadata.repositories.find("p/r"))?.store, "other");
	});
}

test("a repository whose coming was not wholly journaled is rebuilt where it was", async () => {
	await using harness = await openRegistryHarness();
	await pushImage(harness.instance(), "p/r", "v1", "config", "layer");
	await journalAll(harness);
	await move(harness);
	const { outbox } = harness.metadata;
	const cut: Pick<Outbox, "unjournaled"> = {
		unjournaled: async (...page) =>
			(await outbox.unjournaled(...page)).filter(({ kind }) => kind !== "repository-arrived"),
	};
	const metadata = new Proxy(harness.metadata, {
		get: (target, property) => (property === "outbox" ? { ...outbox, ...cut } : Reflect.get(target, property, target)),
	});
	await journalAll({ metadata, stores: harness.stores });
	await using again = await rebuilt(harness);
	assert.equal((await again.metadata.repositories.find("p/r"))?.store, "default");
	const found = await again.metadata.manifests.find("p/r", { kind: "tag", tag: "v1" }, { payload: false });
	assert.ok(found?.manifest);
});

test("pulls and pushes go on while a project moves back and forth: none fails, and every digest is right", async () => {
	await using harness = await openRegistryHarness();
	const { metadata } = harness;
	const instance = harness.instance();
	const random = seededRandom(7);
	const pushed: { readonly repository: string; readonly content: string }[] = [];
	const repositories = ["p/a", "p/b", "p/c"];
	const began = performance.now();
	let pulls = 0;
	let moves = 0;
	/** For a while, and until there was something to see. */
	const goesOn = (): boolean => {
		const ms = performance.now() - began;
		return ms < 4_000 || (ms < 60_000 && (moves < 2 || pulls <= 10));
	};
	const client = async (name: number): Promise<void> => {
		for (let i = 0; goesOn(); i++) {
			const repository = repositories[randomBelow(random, repositories.length)] ?? "p/a";
			if (random() < 0.3 || pushed.length === 0) {
				const content = `content ${name} ${randomBelow(random, 2) === 0 ? i : "shared"} `.repeat(50);
				if (random() < 0.5) {
					await pushBlob(instance, repository, content);
				} else {
					const id = await startUpload(instance, repository);
					const bytes = Buffer.from(content);
					await instance.registry.uploads.append({ repository, id }, bodyOf(bytes.subarray(0, 40)), forever);
					const finish = { repository, id, digest: digestOf(bytes), actor: "user:test" };
					await instance.registry.uploads.finish(finish, bodyOf(bytes.subarray(40)), forever);
				}
				pushed.push({ repository, content });
				continue;
			}
			const one = pushed[randomBelow(random, pushed.length)];
			if (one === undefined) continue;
			const bytes = await pullBlob(instance, one.repository, digestOf(Buffer.from(one.content)));
			assert.equal(bytes.toString(), one.content);
			pulls += 1;
		}
	};
	const mover = async (): Promise<void> => {
		for (let i = 0; goesOn(); i++) {
			const to = i % 2 === 0 ? "other" : "default";
			await ask(metadata, "p", to);
			const { mover: own } = moverOf(harness);
			while ((await own.round(forever)).arrived === 0 && goesOn());
			moves += 1;
		}
	};
	await Promise.all([client(1), client(2), client(3), mover()]);
	assert.ok(moves > 1 && pulls > 10, `${moves} moves, ${pulls} pulls`);
	for (const { repository, content } of pushed) {
		assert.equal((await pullBlob(instance, repository, digestOf(Buffer.from(content)))).toString(), content);
	}
	for (const { project, usage } of await metadata.usages.recount()) {
		assert.deepEqual(await metadata.usages.find(project), usage, project);
	}
	await harness.assertSound();
});
