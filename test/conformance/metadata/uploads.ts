import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { actor, type Bench, digestOf, done, type MetadataCase, refusalOf, sleep, uploadInput } from "./bench.ts";

const claim = { holder: "gc", limit: 10, leaseMs: 60_000, staleMs: 60_000 };

/** Uploads, from the intent to the blob. */
export const uploadCases: readonly MetadataCase[] = [
	{
		name: "an upload's intent is known before its first byte",
		async run(bench) {
			await bench.projects("a");
			const { uploads, objects } = bench.metadata;
			const input = { ...uploadInput("a/x", randomUUID()), hold: false };
			const { upload, repository } = await done(uploads.create(input));
			const { id, key } = input;
			const expected = {
				id,
				key,
				repository: "a/x",
				store: "default",
				offset: 0,
				algorithm: "sha256",
				state: undefined,
			};
			assert.deepEqual(upload, { ...expected, epoch: 0 });
			assert.deepEqual(await uploads.find("a/x", id), upload);
			assert.equal(await uploads.find("a/y", id), undefined);
			assert.equal(repository.published, false);
			const [intent] = await objects.list("default", { limit: 9 });
			assert.deepEqual(intent, {
				store: "default",
				key,
				purpose: "blob",
				state: "writing",
				size: undefined,
				digest: undefined,
				writerState: undefined,
			});
			await assert.rejects(async () => uploads.create({ ...input, id: randomUUID() }), "a key is used once");
			assert.equal((await refusalOf(uploads.create({ ...uploadInput("z/x", "u1") }))).reason, "project-unknown");
		},
	},
	{
		name: "one holder at a time has an upload, and goes on where the last one stopped",
		run: handsOver,
	},
	{
		name: "a lease that was given back, lost or ran out over to another does not count any more",
		async run(bench) {
			await bench.projects("a");
			const { uploads } = bench.metadata;
			const { id, epoch } = await bench.upload("a/x");
			assert.equal(await uploads.release({ id, epoch, offset: 5, state: {} }), true);
			assert.equal(await uploads.release({ id, epoch, offset: 9, state: {} }), false);
			assert.equal(await uploads.extend(id, epoch, 1000), false);
			const end = { id, epoch, digest: digestOf("x"), size: 1, actor };
			assert.deepEqual(await refusalOf(uploads.complete(end)), { reason: "upload-unknown", id });
			const request = { repository: "a/x", id, holder: "replica-2", expectedOffset: 5, leaseMs: 30 };
			const second = await done(uploads.acquire(request));
			await sleep(60);
			assert.equal(await uploads.extend(id, second.epoch, 30), true, "nobody else took it");
			await sleep(60);
			const third = await done(uploads.acquire({ ...request, holder: "replica-3" }));
			assert.deepEqual([second.abandoned, third.abandoned], [false, true], "the second gave nothing back");
			assert.equal(await uploads.release({ id, epoch: second.epoch, offset: 7, state: {} }), false);
			assert.equal((await uploads.find("a/x", id))?.offset, 5);
			assert.equal(await uploads.extend(id, third.epoch, 1000), true);
		},
	},
	{
		name: "a completed upload is a linked blob, and completing it again answers alike",
		async run(bench) {
			await bench.projects("a");
			const { uploads, blobs, objects } = bench.metadata;
			const { id, epoch, key } = await bench.upload("a/x");
			const end = { id, epoch, digest: digestOf("layer"), size: 5, actor };
			assert.deepEqual(await uploads.complete(end), { duplicate: false });
			assert.deepEqual(await uploads.complete(end), { duplicate: false });
			assert.equal((await refusalOf(uploads.complete({ ...end, digest: digestOf("y") }))).reason, "upload-unknown");
			assert.equal(await uploads.find("a/x", id), undefined);
			assert.equal((await blobs.find("a/x", end.digest))?.blob?.key, key);
			const [object] = await objects.list("default", { limit: 9 });
			assert.deepEqual([object?.state, object?.size, object?.digest], ["live", 5, end.digest]);
			await bench.checkUsage();
		},
	},
	{
		name: "a blob that the store has is linked where it lies, and the new bytes are condemned",
		async run(bench) {
			await bench.projects("a", "b");
			const { uploads, blobs, objects } = bench.metadata;
			await bench.push("a/x", "layer");
			const { id, epoch, key } = await bench.upload("b/x");
			const end = { id, epoch, digest: digestOf("layer"), size: 5, actor };
			assert.deepEqual(await uploads.complete(end), { duplicate: true });
			assert.deepEqual(await uploads.complete(end), { duplicate: true });
			const place = (await blobs.find("b/x", end.digest))?.blob;
			assert.deepEqual(place, (await blobs.find("a/x", end.digest))?.blob);
			assert.deepEqual(
				(await objects.claimCondemned(claim)).map((object) => object.key),
				[key],
			);
			assert.deepEqual(await objects.claimCondemned(claim), [], "another claimant does not get it");
			await objects.forget("default", key);
			await objects.forget("default", place?.key ?? "");
			assert.deepEqual(
				(await objects.list("default", { limit: 9 })).map((object) => object.key),
				[place?.key],
			);
		},
	},
	{
		name: "a cancelled upload tells what to delete, and its object is condemned with the driver's state",
		async run(bench) {
			await bench.projects("a");
			const { uploads, objects } = bench.metadata;
			const { id, epoch, key } = await bench.upload("a/x");
			await uploads.release({ id, epoch, offset: 5, state: { parts: [1, "two"] } });
			assert.equal((await refusalOf(uploads.cancel("a/y", id))).reason, "upload-unknown");
			const request = { repository: "a/x", id, holder: "replica-2", expectedOffset: 5, leaseMs: 60_000 };
			const later = await done(uploads.acquire(request));
			assert.deepEqual(await refusalOf(uploads.cancel("a/x", id, epoch)), { reason: "upload-unknown", id });
			assert.equal(await uploads.extend(id, later.epoch, 60_000), true, "the holder before could not cancel it");
			const state = { parts: [1, "two"] };
			assert.deepEqual(await uploads.cancel("a/x", id, later.epoch), { store: "default", key, state });
			assert.deepEqual(await refusalOf(uploads.cancel("a/x", id)), { reason: "upload-unknown", id });
			const [condemned] = await objects.claimCondemned(claim);
			assert.deepEqual([condemned?.key, condemned?.state, condemned?.writerState], [key, "deleting", state]);
		},
	},
	{
		name: "uploads that nobody touches or holds expire",
		async run(bench) {
			await bench.projects("a");
			const { uploads, objects } = bench.metadata;
			const held = await bench.upload("a/x");
			const idle = [await bench.upload("a/x"), await bench.upload("a/x")];
			for (const { id, epoch } of idle) await uploads.release({ id, epoch, offset: 0, state: {} });
			assert.equal(await uploads.expire(60_000, 10), 0);
			await sleep(20);
			assert.equal(await uploads.expire(10, 1), 1);
			assert.equal(await uploads.expire(10, 10), 1);
			assert.equal(await uploads.expire(10, 10), 0);
			assert.ok(await uploads.find("a/x", held.id));
			assert.equal((await objects.claimCondemned(claim)).length, 2);
		},
	},
	{
		name: "a repository goes with its last upload, unless it was published or has anything else",
		async run(bench) {
			await bench.projects("a");
			const { uploads, repositories, outbox } = bench.metadata;
			const idle = async (name: string) => {
				const { id, epoch } = await bench.upload(name);
				await uploads.release({ id, epoch, offset: 0, state: {} });
			};
			for (const name of ["a/empty", "a/empty", "a/linked", "a/published", "a/held"]) await idle(name);
			await bench.push("a/linked", "layer");
			await bench.put("a/published");
			await bench.upload("a/held");
			const cancelled = await bench.upload("a/cancelled");
			await done(uploads.cancel("a/cancelled", cancelled.id));
			assert.equal(await repositories.find("a/cancelled"), undefined);
			await sleep(20);
			assert.equal(await uploads.expire(10, 1), 1);
			assert.ok(await repositories.find("a/empty"), "it has another upload");
			assert.equal(await uploads.expire(10, 10), 4);
			assert.equal(await repositories.find("a/empty"), undefined);
			for (const name of ["a/linked", "a/published", "a/held"]) assert.ok(await repositories.find(name), name);
			assert.equal((await bench.metadata.usages.find("a"))?.repositories, 3);
			await bench.checkUsage();
			const removed = (await outbox.unjournaled(100, 1e6)).filter(({ kind }) => kind === "repository-removed");
			assert.deepEqual(
				removed.map(({ body }) => JSON.parse(body).repository),
				["a/cancelled", "a/empty"],
			);
			await bench.put("a/empty", { tags: ["v"] });
			assert.ok(await bench.tag("a/empty", "v"), "it is made anew");
		},
	},
	{
		name: "a deleted project's uploads are unknown",
		async run(bench) {
			await bench.projects("a");
			const { uploads } = bench.metadata;
			const { id, epoch } = await bench.upload("a/x");
			await bench.apply([], ["uid-a"]);
			assert.equal(await uploads.find("a/x", id), undefined);
			const end = { id, epoch, digest: digestOf("x"), size: 1, actor };
			assert.equal((await refusalOf(uploads.complete(end))).reason, "upload-unknown");
		},
	},
];

async function handsOver(bench: Bench): Promise<void> {
	await bench.projects("a");
	const { uploads } = bench.metadata;
	const { id, epoch } = await bench.upload("a/x");
	assert.equal(epoch, 1);
	const request = { repository: "a/x", id, holder: "replica-2", expectedOffset: 0, leaseMs: 60_000 };
	assert.deepEqual(await refusalOf(uploads.acquire(request)), { reason: "upload-busy", offset: 0 });
	assert.equal((await refusalOf(uploads.acquire({ ...request, repository: "a/y" }))).reason, "upload-unknown");
	assert.equal(await uploads.release({ id, epoch, offset: 7, state: { parts: [7] } }), true);
	assert.deepEqual(await refusalOf(uploads.acquire(request)), { reason: "upload-offset", offset: 7 });
	const second = await done(uploads.acquire({ ...request, expectedOffset: 7 }));
	assert.deepEqual([second.epoch, second.offset, second.sameHolder, second.state], [2, 7, false, { parts: [7] }]);
	await uploads.release({ id, epoch: 2, offset: 9, state: {} });
	const third = await done(uploads.acquire({ ...request, expectedOffset: undefined }));
	assert.deepEqual([third.epoch, third.offset, third.sameHolder], [3, 9, true]);
}
