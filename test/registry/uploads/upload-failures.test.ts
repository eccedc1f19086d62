import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { digestOf } from "#/oci/digest.ts";
import { StoreError } from "#/storage/store-error.ts";
import { bodyOf } from "../../support/bodies.ts";
import { failOnce } from "../../support/hooked.ts";
import {
	forever,
	openRegistryHarness,
	pullBlob,
	pushBlob,
	type RegistryHarness,
	startUpload,
} from "../../support/registry.ts";

let harness: RegistryHarness;
before(async () => {
	harness = await openRegistryHarness();
});
after(async () => {
	await harness[Symbol.asyncDispose]();
});

const actor = "user:test";
const repository = "p/uploads";
const digest = digestOf(Buffer.from("hello world"));

/** How many objects, finished or not, are in the default store. */
const stored = async (): Promise<number> => {
	await harness.drain();
	const objects = harness.objects.get("default");
	return (objects?.finished.size ?? 0) + (objects?.staged.size ?? 0);
};

for (const method of ["writer.append", "writer.checkpoint"]) {
	test(`a full store at ${method} is STORAGE_FULL, and the upload goes on from the last acknowledged byte`, async () => {
		const full = new StoreError("FULL", "no room");
		const instance = harness.instance({ store: failOnce(method, full) });
		const other = harness.instance();
		const id = await startUpload(other, repository);
		await other.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);
		const { uploads } = instance.registry;
		await assert.rejects(uploads.append({ repository, id }, bodyOf("world"), forever), {
			code: "STORAGE_FULL",
			status: 507,
		});
		assert.equal((await uploads.status(repository, id, forever)).offset, 6);
		await uploads.finish({ repository, id, digest, actor }, bodyOf("world"), forever);
		assert.equal((await pullBlob(instance, repository, digest)).toString(), "hello world");
		await harness.assertSound();
	});
}

for (const method of ["write", "writer.append", "writer.digest", "writer.commit"]) {
	test(`a store that is away at ${method} fails a push with UNAVAILABLE; the next try works and nothing is left`, async () => {
		const away = new StoreError("UNAVAILABLE", "away");
		const content = `away at ${method}`;
		const instance = harness.instance({ store: failOnce(method, away) });
		const request = { repository, actor, digest: digestOf(Buffer.from(content)) };
		await assert.rejects(instance.registry.uploads.start(request, bodyOf(content), forever), {
			code: "UNAVAILABLE",
			status: 503,
		});
		const id = await startUpload(instance, repository);
		await instance.registry.uploads.finish({ ...request, id }, bodyOf(content), forever);
		assert.equal((await pullBlob(instance, repository, request.digest)).toString(), content);
		await harness.assertSound();
	});
}

test("completing is tried again while metadata is away, and its answer is the first one's", async () => {
	for (const moment of ["before", "after"] as const) {
		let failed = 0;
		const content = `lost answer ${moment}`;
		const instance = harness.instance({
			uploads: async (method) => {
				if (method !== "complete" || failed === 2) return undefined;
				failed += 1;
				const fail = (): never => {
					throw new MetadataError("UNAVAILABLE", "away");
				};
				return moment === "after" ? fail : fail();
			},
		});
		const pushed = await pushBlob(instance, repository, content);
		assert.equal(failed, 2);
		assert.equal((await pullBlob(instance, repository, pushed)).toString(), content);
	}
	await harness.assertSound();
});

test("a push whose completion nobody knows of keeps its bytes if it is a blob by then, and leaves none if not", async () => {
	for (const moment of ["before", "after"] as const) {
		const content = `unknown outcome ${moment}`;
		const pushed = digestOf(Buffer.from(content));
		const instance = harness.instance({
			uploads: async (method) => {
				if (method !== "complete") return undefined;
				const fail = (): never => {
					throw new MetadataError("FULL", "lost");
				};
				return moment === "after" ? fail : fail();
			},
		});
		const before = await stored();
		const start = instance.registry.uploads.start({ repository, actor, digest: pushed }, bodyOf(content), forever);
		await assert.rejects(start, { code: "STORAGE_FULL" });
		const stat = instance.registry.blobs.stat(repository, pushed, forever);
		if (moment === "after") await stat;
		else await assert.rejects(stat, { code: "BLOB_UNKNOWN" });
		assert.equal(await stored(), moment === "after" ? before + 1 : before);
		await harness.assertSound();
	}
});

test("bytes whose acknowledgement nobody knows of stay where the row says", async () => {
	let lost = false;
	const instance = harness.instance({
		uploads: async (method) => {
			if (method !== "release" || lost) return undefined;
			lost = true;
			return () => {
				throw new MetadataError("UNAVAILABLE", "no answer");
			};
		},
	});
	const { uploads } = instance.registry;
	const id = await startUpload(instance, repository);
	await assert.rejects(uploads.append({ repository, id }, bodyOf("hello "), forever), { code: "UNAVAILABLE" });
	assert.equal((await uploads.status(repository, id, forever)).offset, 6);
	await uploads.finish({ repository, id, digest, actor, range: { start: 6, end: 10 } }, bodyOf("world"), forever);
	assert.equal((await pullBlob(instance, repository, digest)).toString(), "hello world");
	await harness.assertSound();
});

for (const first of ["hello ", undefined]) {
	test(`an upload ${first === undefined ? "without" : "with"} acknowledged bytes whose object was committed but not completed is no more`, async () => {
		const instance = harness.instance({ uploads: failOnce("complete", new MetadataError("FULL", "lost")) });
		const id = await startUpload(instance, repository);
		const { uploads } = instance.registry;
		if (first !== undefined) await uploads.append({ repository, id }, bodyOf(first), forever);
		const before = await stored();
		const finish = uploads.finish(
			{ repository, id, digest, actor },
			bodyOf("hello world".slice(first?.length)),
			forever,
		);
		await assert.rejects(finish, { code: "STORAGE_FULL" });
		assert.equal(await stored(), first === undefined ? before + 1 : before);
		await assert.rejects(uploads.append({ repository, id }, bodyOf("x"), forever), { code: "BLOB_UPLOAD_UNKNOWN" });
		await assert.rejects(uploads.status(repository, id, forever), { code: "BLOB_UPLOAD_UNKNOWN" });
		assert.equal(await stored(), first === undefined ? before : before - 1);
		await harness.assertSound();
	});
}
