import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { isRefused, type Refusal } from "#/metadata/refusal.ts";
import {
	actor,
	type Bench,
	digestOf,
	done,
	type MetadataCase,
	manifestInput,
	never,
	project,
	refusalOf,
	sleep,
	uploadInput,
} from "./bench.ts";

/** The project `a`, which may use so many bytes; undefined: any number. */
async function limit(bench: Bench, quotaBytes: number | undefined, generation = 1): Promise<void> {
	const quota = quotaBytes === undefined ? {} : { quotaBytes };
	await bench.apply([{ ...project("a", { ...quota, undoWindow: 0 }), generation }]);
}

const exceeded = (quota: number, used: number, requested: number): Refusal => ({
	reason: "guarded",
	guard: "quota",
	message: "the project's quota is exceeded",
	detail: { quota, used, requested },
});

/** Completes a new upload whose content is `text`. */
async function push(bench: Bench, text: string, repository = "a/x") {
	const { id, epoch } = await bench.upload(repository);
	const input = { id, epoch, digest: digestOf(text), size: text.length, actor };
	return { id, outcome: await bench.metadata.uploads.complete(input) };
}

/** Opens an upload that says at the start what it will be. */
function announce(bench: Bench, text: string, repository = "a/x") {
	const announced = { digest: digestOf(text), size: text.length };
	return bench.metadata.uploads.create({ ...uploadInput(repository, randomUUID()), announced });
}

async function used(bench: Bench): Promise<number> {
	const usage = (await bench.metadata.usages.find("a")) ?? assert.fail();
	return usage.blobBytes + usage.manifestBytes;
}

/** Quotas of projects. */
export const quotaCases: readonly MetadataCase[] = [
	{
		name: "a project is filled to the last byte of its quota by blobs, and not beyond",
		async run(bench) {
			await limit(bench, 10);
			const { uploads } = bench.metadata;
			assert.ok(!isRefused((await push(bench, "123456")).outcome));
			const { id, outcome } = await push(bench, "12345");
			assert.deepEqual(await refusalOf(Promise.resolve(outcome)), exceeded(10, 6, 5));
			assert.ok(await uploads.find("a/x", id), "the upload is not lost");
			await done(uploads.cancel("a/x", id));
			assert.ok(!isRefused((await push(bench, "1234")).outcome));
			assert.equal(await used(bench), 10);
			assert.deepEqual(await refusalOf(push(bench, "1").then((pushed) => pushed.outcome)), exceeded(10, 10, 1));
			assert.ok(!isRefused((await push(bench, "")).outcome), "an empty blob adds nothing");
			await bench.checkUsage();
		},
	},
	{
		name: "a blob that the project has already costs nothing, however full it is",
		async run(bench) {
			await limit(bench, 6);
			await bench.push("a/x", "123456");
			assert.ok(!isRefused((await push(bench, "123456", "a/y")).outcome));
			assert.deepEqual(await bench.metadata.blobs.mount("a/z", digestOf("123456"), "a/x", actor), { mounted: true });
			assert.ok(!isRefused(await announce(bench, "123456", "a/new")));
			assert.equal(await used(bench), 6);
		},
	},
	{
		name: "a quota is the project's own, and a mount from another project counts",
		async run(bench) {
			await limit(bench, 6);
			await bench.projects("b");
			await bench.push("b/x", "1234567");
			const { blobs, repositories } = bench.metadata;
			const mounting = blobs.mount("a/x", digestOf("1234567"), "b/x", actor);
			assert.deepEqual(await refusalOf(mounting), exceeded(6, 0, 7));
			assert.equal(await repositories.find("a/x"), undefined, "a refused mount makes no repository");
			await bench.push("b/x", "123456");
			assert.deepEqual(await blobs.mount("a/x", digestOf("123456"), "b/x", actor), { mounted: true });
			assert.equal(await used(bench), 6);
		},
	},
	{
		name: "manifests count with their bytes, once in each repository",
		async run(bench) {
			const { size, input } = sized("one");
			await limit(bench, 2 * size);
			await done(bench.metadata.manifests.put(input("a/x", ["v"])));
			await done(bench.metadata.manifests.put(input("a/y", [])));
			assert.deepEqual(
				await refusalOf(bench.metadata.manifests.put(input("a/z", []))),
				exceeded(2 * size, 2 * size, size),
			);
			assert.equal(await bench.metadata.repositories.find("a/z"), undefined);
			await done(bench.metadata.manifests.put(input("a/x", ["w"])));
			assert.ok(await bench.tag("a/x", "w"), "tags of what is there move freely");
			await done(bench.metadata.manifests.remove("a/y", input("a/y", []).digest, actor));
			await done(bench.metadata.manifests.put(input("a/z", [])));
		},
	},
	{
		name: "uploads under way have what they acknowledged, until they end",
		async run(bench) {
			await limit(bench, 10);
			const { uploads } = bench.metadata;
			const first = await bench.upload("a/x");
			const second = await bench.upload("a/y");
			assert.equal(await uploads.release({ id: first.id, epoch: 1, offset: 6, state: {} }), true);
			const progress = { id: second.id, epoch: 1, offset: 5, state: {} };
			assert.deepEqual(await uploads.release(progress), { refused: exceeded(10, 6, 5) });
			assert.equal((await uploads.find("a/y", second.id))?.offset, 0, "nothing of it is acknowledged");
			assert.equal(await uploads.extend(second.id, 1, 60_000), true, "and the lease is still held");
			assert.equal(await uploads.release({ ...progress, offset: 4 }), true);
			const { manifests } = bench.metadata;
			assert.equal((await refusalOf(manifests.put(manifestInput("a/z", {})))).reason, "guarded");
			await done(uploads.cancel("a/x", first.id));
			const request = { repository: "a/y", id: second.id, holder: "replica-1", expectedOffset: 4, leaseMs: 60_000 };
			const { epoch } = await done(uploads.acquire(request));
			assert.equal(await uploads.release({ ...progress, epoch, offset: 10 }), true);
			assert.deepEqual(await refusalOf(push(bench, "1").then((pushed) => pushed.outcome)), exceeded(10, 10, 1));
			await sleep(20);
			assert.equal(await uploads.expire(10, 1), 1);
			assert.ok(!isRefused((await push(bench, "1234567890")).outcome), "an expired upload has nothing");
		},
	},
	{
		name: "bytes that come are reserved before they are acknowledged, and given back when they are not",
		async run(bench) {
			await limit(bench, 10);
			const { uploads } = bench.metadata;
			const first = await bench.upload("a/x");
			const second = await bench.upload("a/y");
			assert.equal(await uploads.extend(first.id, 1, 60_000, 6), true);
			assert.deepEqual(await uploads.extend(second.id, 1, 60_000, 5), { refused: exceeded(10, 6, 5) });
			assert.equal(await uploads.extend(second.id, 1, 60_000, 4), true);
			assert.equal(await uploads.extend(second.id, 1, 60_000), true, "saying nothing gives nothing back");
			assert.deepEqual(await uploads.extend(first.id, 1, 60_000, 7), { refused: exceeded(10, 4, 7) });
			assert.equal(await uploads.release({ id: first.id, epoch: 1, offset: 0, state: undefined }), true);
			assert.equal(await uploads.extend(second.id, 1, 60_000, 10), true);
			const request = { repository: "a/y", id: second.id, holder: "replica-1", expectedOffset: 0, leaseMs: 60_000 };
			const { epoch } = await done(uploads.acquire(request));
			await done(announce(bench, "1234567890"));
			assert.equal(await uploads.release({ id: second.id, epoch, offset: 0, state: undefined }), true);
		},
	},
	{
		name: "what is announced is reserved from the start",
		async run(bench) {
			await limit(bench, 10);
			const { uploads, repositories } = bench.metadata;
			const { upload } = await done(announce(bench, "123456"));
			assert.deepEqual(await refusalOf(announce(bench, "12345", "a/new")), exceeded(10, 6, 5));
			assert.equal(await repositories.find("a/new"), undefined, "a refused upload makes no repository");
			await done(announce(bench, "1234"));
			const end = { id: upload.id, epoch: 1, digest: digestOf("123456"), size: 6, actor };
			assert.deepEqual(await uploads.complete(end), { duplicate: false }, "its own reservation is not in its way");
			assert.deepEqual(await uploads.complete(end), { duplicate: false });
			assert.equal((await refusalOf(announce(bench, "1"))).reason, "guarded");
		},
	},
	{
		name: "a quota that is raised lets the same push pass, and one that is lowered loses nothing",
		async run(bench) {
			await limit(bench, 5);
			assert.ok(isRefused((await push(bench, "123456")).outcome));
			await limit(bench, 20, 2);
			assert.ok(!isRefused((await push(bench, "123456")).outcome));
			await limit(bench, 1, 3);
			assert.equal((await bench.metadata.projects.find("a"))?.quotaBytes, 1);
			assert.ok((await bench.metadata.blobs.find("a/x", digestOf("123456")))?.blob);
			assert.deepEqual(await refusalOf(push(bench, "7").then((pushed) => pushed.outcome)), exceeded(1, 6, 1));
			assert.ok(!isRefused((await push(bench, "123456", "a/y")).outcome));
			await limit(bench, undefined, 4);
			assert.equal((await bench.metadata.projects.find("a"))?.quotaBytes, undefined);
			assert.ok(!isRefused((await push(bench, "7")).outcome));
		},
	},
	{
		name: "pushes at once never pass a quota together",
		async run(bench) {
			await limit(bench, 100);
			await bench.projects("b");
			await bench.push("b/x", "mounted___");
			const pushes = Array.from({ length: 16 }, (_, index) => async (): Promise<boolean> => {
				const text = String(index).padStart(10, "x");
				const repository = `a/${index % 3}`;
				if (index % 4 === 0) return !isRefused((await push(bench, text, repository)).outcome);
				const { id } = await bench.upload(repository);
				if (index % 4 === 1)
					return (await bench.metadata.uploads.release({ id, epoch: 1, offset: 10, state: {} })) === true;
				if (index % 4 === 2) return !isRefused(await announce(bench, text, repository));
				return !isRefused(await bench.metadata.manifests.put(sized(text, 10).input(repository, ["v"])));
			});
			const outcomes = await Promise.all([
				...pushes.map((one) => one()),
				bench.metadata.blobs.mount("a/m", digestOf("mounted___"), "b/x", actor).then((outcome) => !isRefused(outcome)),
			]);
			assert.equal(outcomes.filter(Boolean).length, 10, JSON.stringify(outcomes));
			await bench.checkUsage();
			assert.ok((await used(bench)) <= 100);
			assert.equal((await refusalOf(announce(bench, "1"))).reason, "guarded");
		},
	},
	{
		name: "a quota is in snapshots and records",
		async run(bench) {
			await limit(bench, 5);
			const { snapshots, outbox } = bench.metadata;
			const records = await Array.fromAsync((await snapshots.export("default", never)).records);
			for (const { body } of [...records, ...(await outbox.unjournaled(9, 1e6))]) {
				assert.equal(JSON.parse(body).quotaBytes, 5);
			}
		},
	},
];

/** A manifest of a known size: that of its text, padded. */
function sized(text: string, size = 50) {
	const payload = new TextEncoder().encode(text.padEnd(size));
	return {
		size,
		input: (repository: string, tags: readonly string[]) => manifestInput(repository, { payload, tags }),
	};
}
