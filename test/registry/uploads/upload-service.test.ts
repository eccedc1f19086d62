import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { bodyOf, brokenBody } from "../../support/bodies.ts";
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

test("a blob pushed in chunks is pulled as one", async () => {
	const { registry } = harness.instance();
	const instance = { registry };
	const id = await startUpload(instance, repository);
	assert.deepEqual(await registry.uploads.status(repository, id, forever), { id, offset: 0 });
	const first = await registry.uploads.append(
		{ repository, id, range: { start: 0, end: 5 } },
		bodyOf("hello", " "),
		forever,
	);
	assert.deepEqual(first, { id, offset: 6 });
	await registry.uploads.append({ repository, id }, bodyOf("wor"), forever);
	const finished = await registry.uploads.finish({ repository, id, digest, actor }, bodyOf("ld"), forever);
	assert.deepEqual(finished, { digest });
	assert.equal((await pullBlob(instance, repository, digest)).toString(), "hello world");
	await assert.rejects(registry.uploads.status(repository, id, forever), { code: "BLOB_UPLOAD_UNKNOWN" });
	await harness.assertSound();
});

test("a blob of nothing can be pushed in every way", async () => {
	const instance = harness.instance();
	const empty = digestOf(Buffer.alloc(0));
	await pushBlob(instance, repository, "");
	const id = await startUpload(instance, repository);
	await instance.registry.uploads.finish({ repository, id, digest: empty, actor }, bodyOf(), forever);
	assert.equal((await pullBlob(instance, repository, empty)).length, 0);
});

for (const range of [
	{ start: 3, end: 8 },
	{ start: 0, end: 5 },
	{ start: 11, end: 12 },
]) {
	test(`a chunk from ${range.start} on an upload of 6 bytes is RANGE_INVALID and tells the offset`, async () => {
		const instance = harness.instance();
		const { uploads } = instance.registry;
		const id = await startUpload(instance, repository);
		await uploads.append({ repository, id }, bodyOf("hello "), forever);
		const wrong = { code: "RANGE_INVALID", status: 416, detail: { offset: 6 } };
		await assert.rejects(uploads.append({ repository, id, range }, bodyOf("xxxxxx"), forever), wrong);
		await assert.rejects(uploads.finish({ repository, id, range, digest, actor }, bodyOf("xxxxxx"), forever), wrong);
		await uploads.finish({ repository, id, digest, actor }, bodyOf("world"), forever);
	});
}

for (const body of ["wor", "world!"]) {
	test(`a range for 5 bytes with a body of ${body.length} acknowledges nothing, at the start and later`, async () => {
		const instance = harness.instance();
		const { uploads } = instance.registry;
		const id = await startUpload(instance, repository);
		const wrong = { code: "SIZE_INVALID" };
		await assert.rejects(uploads.append({ repository, id, range: { start: 0, end: 4 } }, bodyOf(body), forever), wrong);
		assert.equal((await uploads.status(repository, id, forever)).offset, 0);
		await uploads.append({ repository, id }, bodyOf("hello "), forever);
		await assert.rejects(
			uploads.append({ repository, id, range: { start: 6, end: 10 } }, bodyOf(body), forever),
			wrong,
		);
		assert.equal((await uploads.status(repository, id, forever)).offset, 6);
		await uploads.finish({ repository, id, range: { start: 6, end: 10 }, digest, actor }, bodyOf("world"), forever);
		assert.equal((await pullBlob(instance, repository, digest)).toString(), "hello world");
		await harness.assertSound();
	});
}

test("a body that breaks off keeps what came", async () => {
	const instance = harness.instance();
	const { uploads } = instance.registry;
	const id = await startUpload(instance, repository);
	const broken = uploads.append(
		{ repository, id, range: { start: 0, end: 10 } },
		brokenBody(new Error("reset"), "hel"),
		forever,
	);
	await assert.rejects(broken, { code: "BLOB_UPLOAD_INVALID", detail: { offset: 3 } });
	assert.equal((await uploads.status(repository, id, forever)).offset, 3);
	const last = uploads.finish({ repository, id, digest, actor }, brokenBody(new Error("reset"), "lo "), forever);
	await assert.rejects(last, { code: "BLOB_UPLOAD_INVALID", detail: { offset: 6 } });
	await uploads.finish({ repository, id, digest, actor, range: { start: 6, end: 10 } }, bodyOf("world"), forever);
	assert.equal((await pullBlob(instance, repository, digest)).toString(), "hello world");
});

test("a wrong digest ends the upload and leaves no byte", async () => {
	const instance = harness.instance();
	const { uploads } = instance.registry;
	const before = await stored();
	const id = await startUpload(instance, repository);
	await uploads.append({ repository, id }, bodyOf("not hello"), forever);
	const finish = uploads.finish({ repository, id, digest, actor }, bodyOf(" world"), forever);
	await assert.rejects(finish, { code: "DIGEST_INVALID", status: 400 });
	await assert.rejects(uploads.status(repository, id, forever), { code: "BLOB_UPLOAD_UNKNOWN" });
	const whole = uploads.start({ repository, actor, digest, size: 3 }, bodyOf("abc"), forever);
	await assert.rejects(whole, { code: "DIGEST_INVALID" });
	assert.equal(await stored(), before);
	await harness.assertSound();
});

test("a monolithic push that breaks off, or is of the wrong size, leaves nothing", async () => {
	const { registry } = harness.instance();
	const before = await stored();
	const request = { repository, actor, digest, size: 11 };
	const broken = registry.uploads.start(request, brokenBody(new Error("reset"), "hello"), forever);
	await assert.rejects(broken, { code: "BLOB_UPLOAD_INVALID" });
	await assert.rejects(registry.uploads.start(request, bodyOf("hello"), forever), { code: "SIZE_INVALID" });
	assert.equal(await stored(), before);
	await harness.assertSound();
});

test("sha512 works for monolithic and chunked pushes, also where the upload was opened for another algorithm", async () => {
	const instance = harness.instance();
	const { uploads } = instance.registry;
	const sha512 = digestOf(Buffer.from("hello world"), "sha512");
	await uploads.start({ repository, actor, digest: sha512, size: 11 }, bodyOf("hello world"), forever);
	for (const algorithm of [undefined, "sha256", "sha512"] as const) {
		const started = await uploads.start({ repository, actor, algorithm }, bodyOf(), forever);
		assert.ok(started.kind === "upload");
		const { id } = started.upload;
		await uploads.append({ repository, id }, bodyOf("hello "), forever);
		await uploads.finish({ repository, id, digest: sha512, actor }, bodyOf("world"), forever);
	}
	assert.equal((await pullBlob(instance, repository, sha512)).toString(), "hello world");
});

test("the second push of a blob is a duplicate: one object stays, the other goes", async () => {
	const instance = harness.instance();
	const content = "pushed twice";
	await pushBlob(instance, "p/first", content);
	const before = await stored();
	const { uploads } = instance.registry;
	await pushBlob(instance, "p/second", content);
	await uploads.drain(forever);
	assert.equal(await stored(), before);
	assert.equal((await pullBlob(instance, "p/second", digestOf(Buffer.from(content)))).toString(), content);
	await harness.assertSound();
});

test("another instance goes on where the first left the upload", async () => {
	const [one, two] = [harness.instance(), harness.instance()];
	const id = await startUpload(one, repository);
	await one.registry.uploads.append({ repository, id }, bodyOf("hel"), forever);
	await two.registry.uploads.append({ repository, id }, bodyOf("lo "), forever);
	// Back at the first, whose writer in memory is out of date by now.
	await one.registry.uploads.append({ repository, id }, bodyOf("wor"), forever);
	await two.registry.uploads.finish({ repository, id, digest, actor }, bodyOf("ld"), forever);
	assert.equal((await pullBlob(one, repository, digest)).toString(), "hello world");
	await one.registry.uploads.drain(forever);
	await two.registry.uploads.drain(forever);
	await harness.assertSound();
});

test("a writer in memory is used again by the same instance, and only there", async () => {
	const resumed: string[] = [];
	const watch = (name: string) => async (method: string) => {
		if (method === "resume") resumed.push(name);
		return undefined;
	};
	const [one, two] = [harness.instance({ store: watch("one") }), harness.instance({ store: watch("two") })];
	const id = await startUpload(one, repository);
	for (const piece of ["hel", "lo "]) await one.registry.uploads.append({ repository, id }, bodyOf(piece), forever);
	assert.deepEqual(resumed, []);
	await two.registry.uploads.append({ repository, id }, bodyOf("wor"), forever);
	assert.deepEqual(resumed, ["two"]);
	await one.registry.uploads.finish({ repository, id, digest, actor }, bodyOf("ld"), forever);
	assert.deepEqual(resumed, ["two", "one"]);
});

test("a drained instance has no writer open, and its uploads go on elsewhere", async () => {
	const [one, two] = [harness.instance(), harness.instance()];
	const id = await startUpload(one, repository);
	await one.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);
	await one.registry.uploads.drain(forever);
	await two.registry.uploads.finish({ repository, id, digest, actor }, bodyOf("world"), forever);
});

/** A body that waits in the middle until it is told to go on. */
const waitingBody = (first: string, rest: string) => {
	const reached = Promise.withResolvers<void>();
	const goOn = Promise.withResolvers<void>();
	const body = async function* (): AsyncGenerator<Uint8Array> {
		yield* bodyOf(first);
		reached.resolve();
		await goOn.promise;
		yield* bodyOf(rest);
	};
	return { body: body(), reached: reached.promise, goOn: goOn.resolve };
};

test("two chunks at once on one upload: the second is RANGE_INVALID, in one instance and across two", async () => {
	const [one, two] = [harness.instance(), harness.instance()];
	const id = await startUpload(one, repository);
	const { body, reached, goOn } = waitingBody("hello ", "world");
	const first = one.registry.uploads.append({ repository, id }, body, forever);
	await reached;
	for (const { registry } of [one, two]) {
		const second = registry.uploads.append({ repository, id }, bodyOf("HELLO"), forever);
		await assert.rejects(second, { code: "RANGE_INVALID", detail: { offset: 0 } });
		await assert.rejects(registry.uploads.cancel(repository, id, forever), { code: "RANGE_INVALID" });
	}
	goOn();
	assert.deepEqual(await first, { id, offset: 11 });
	await two.registry.uploads.finish({ repository, id, digest, actor }, bodyOf(), forever);
});

test("a drain waits for requests within uploads", async () => {
	const instance = harness.instance();
	const { uploads } = instance.registry;
	const id = await startUpload(instance, repository);
	const { body, reached, goOn } = waitingBody("hello ", "world");
	const append = uploads.append({ repository, id }, body, forever);
	await reached;
	await assert.rejects(uploads.drain(AbortSignal.timeout(20)), { name: "TimeoutError" });
	const drained = uploads.drain(forever);
	goOn();
	await append;
	await drained;
});

test("beyond the bound on concurrent uploads requests are TOOMANYREQUESTS, and status still answers", async () => {
	const instance = harness.instance({ limits: { concurrentUploads: 1 } });
	const { uploads } = instance.registry;
	const id = await startUpload(instance, repository);
	const other = await startUpload(instance, repository);
	const { body, reached, goOn } = waitingBody("hello ", "world");
	const append = uploads.append({ repository, id }, body, forever);
	await reached;
	const tooMany = { code: "TOOMANYREQUESTS", status: 429 };
	await assert.rejects(uploads.append({ repository, id: other }, bodyOf("x"), forever), tooMany);
	await assert.rejects(uploads.finish({ repository, id: other, digest, actor }, bodyOf("x"), forever), tooMany);
	await assert.rejects(uploads.start({ repository, actor, digest }, bodyOf("x"), forever), tooMany);
	assert.equal((await uploads.status(repository, other, forever)).offset, 0);
	goOn();
	await append;
});

test("an upload whose holder died is free when its lease is over, and nothing unacknowledged is in it", async () => {
	const died = new Error("died");
	const [one, two] = [
		// The process dies before it can acknowledge, give back or clean up.
		harness.instance({
			limits: { leaseMs: 150 },
			uploads: async (method) => {
				if (method === "release") throw died;
				return undefined;
			},
		}),
		harness.instance(),
	];
	const id = await startUpload(two, repository);
	await two.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);
	await assert.rejects(one.registry.uploads.append({ repository, id }, bodyOf("mars"), forever));
	await assert.rejects(two.registry.uploads.append({ repository, id }, bodyOf("wor"), forever), {
		code: "RANGE_INVALID",
		detail: { offset: 6 },
	});
	await new Promise((resolve) => setTimeout(resolve, 200));
	await two.registry.uploads.finish({ repository, id, digest, actor }, bodyOf("world"), forever);
	assert.equal((await pullBlob(two, repository, digest)).toString(), "hello world");
	await harness.assertSound();
});

test("a holder that stalled beyond its lease writes nothing more, and is told where the upload stands", async () => {
	const [one, two] = [harness.instance({ limits: { leaseMs: 60, extendMs: 1_000_000 } }), harness.instance()];
	const id = await startUpload(one, repository);
	const { body, reached, goOn } = waitingBody("hel", "LO MARS");
	const stalled = one.registry.uploads.append({ repository, id }, body, forever);
	await reached;
	await new Promise((resolve) => setTimeout(resolve, 100));
	await two.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);
	goOn();
	await assert.rejects(stalled, { code: "RANGE_INVALID", detail: { offset: 6 } });
	await two.registry.uploads.finish({ repository, id, digest, actor }, bodyOf("world"), forever);
	assert.equal((await pullBlob(two, repository, digest)).toString(), "hello world");
	await harness.assertSound();
});

test("a holder whose upload ended meanwhile is told that there is none, and leaves no byte", async () => {
	const [one, two] = [harness.instance({ limits: { leaseMs: 60, extendMs: 1_000_000 } }), harness.instance()];
	const before = await stored();
	const id = await startUpload(one, repository);
	const { body, reached, goOn } = waitingBody("hel", "lo");
	const stalled = one.registry.uploads.append({ repository, id }, body, forever);
	await reached;
	await new Promise((resolve) => setTimeout(resolve, 100));
	const staged = harness.objects.get("default")?.staged;
	const key = staged?.keys().find((own) => own.endsWith(id));
	assert.ok(staged && key);
	await two.registry.uploads.cancel(repository, id, forever);
	// As a store may keep what comes late, from a write that was under way.
	staged.set(key, { pieces: [], size: 0, checkpoint: undefined, modifiedAt: 0 });
	goOn();
	await assert.rejects(stalled, { code: "BLOB_UPLOAD_UNKNOWN" });
	assert.equal(await stored(), before);
	await harness.assertSound();
});

test("cancelling deletes what was stored, whether or not its writer is still open", async () => {
	const [one, two] = [harness.instance(), harness.instance()];
	for (const canceller of [one, two]) {
		const before = await stored();
		const id = await startUpload(one, repository);
		await one.registry.uploads.append({ repository, id }, bodyOf("hello "), forever);
		await canceller.registry.uploads.cancel(repository, id, forever);
		assert.equal(await stored(), before);
		for (const { registry } of [one, two]) {
			const append = registry.uploads.append({ repository, id }, bodyOf("x"), forever);
			await assert.rejects(append, { code: "BLOB_UPLOAD_UNKNOWN", status: 404 });
			await assert.rejects(registry.uploads.cancel(repository, id, forever), { code: "BLOB_UPLOAD_UNKNOWN" });
		}
	}
	await harness.assertSound();
});

test("an upload is known in its own repository only", async () => {
	const instance = harness.instance();
	const id = await startUpload(instance, repository);
	await pushBlob(instance, "p/elsewhere", "x");
	const unknown = { code: "BLOB_UPLOAD_UNKNOWN" };
	const { uploads } = instance.registry;
	await assert.rejects(uploads.status("p/elsewhere", id, forever), unknown);
	await assert.rejects(uploads.append({ repository: "p/elsewhere", id }, bodyOf("x"), forever), unknown);
	await assert.rejects(uploads.cancel("p/elsewhere", id, forever), unknown);
});

test("a push into a project that does not exist is NAME_UNKNOWN", async () => {
	const { registry } = harness.instance();
	const nowhere = { repository: "nowhere/r", actor };
	await assert.rejects(registry.uploads.start(nowhere, bodyOf(), forever), { code: "NAME_UNKNOWN", status: 404 });
});

test("beyond the bound on open uploads of a project the next is TOOMANYREQUESTS, until one has ended", async () => {
	const instance = harness.instance({ limits: { openPerProject: 2 } });
	const { uploads } = instance.registry;
	const id = await startUpload(instance, "q/first");
	await startUpload(instance, "q/second");
	await assert.rejects(startUpload(instance, "q/third"), { code: "TOOMANYREQUESTS", detail: { limit: 2 } });
	await uploads.cancel("q/first", id, forever);
	await startUpload(instance, "q/third");
});
