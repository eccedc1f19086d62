import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { openStandInRegistry } from "../support/remote.ts";
import { StandIn } from "../support/stand-in.ts";
import { type UploadFault, UploadHost } from "../support/upload-host.ts";

const { signal } = new AbortController();
const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 253));
const digest = digestOf(content);

/** Gives the content in pieces of odd sizes; keeps from where it was asked for. */
const reader = (opened: number[] = [], bytes: Buffer = content) =>
	async function read(offset: number): Promise<AsyncIterable<Uint8Array>> {
		opened.push(offset);
		return (async function* () {
			for (let at = offset; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777);
		})();
	};

/** Puts the content into a host. */
const put = async (
	host: UploadHost,
	chunkBytes: number,
	opts: { readonly from?: readonly string[]; readonly tries?: number } = {},
) => {
	const opened: number[] = [];
	await using standIn = await StandIn.open(host.answer);
	await using registry = openStandInRegistry(standIn, {}, { chunkBytes, tries: opts.tries ?? 3 });
	const blob = { digest, size: content.length, read: reader(opened), from: opts.from ?? [] };
	const outcome = await registry.putBlob("team/app", blob, signal);
	return { outcome, opened, lines: standIn.lines };
};

test("a blob that is there is not sent", async () => {
	const host = new UploadHost();
	host.blobs.set(digest, content);
	assert.equal((await put(host, 1_000)).outcome, "present");
	assert.deepEqual(host.seen, ["HEAD"]);
});

test("a small blob goes in one request, its digest behind the query that the registry gave", async () => {
	const host = new UploadHost();
	const { outcome, lines } = await put(host, 100_000);
	assert.equal(outcome, "uploaded");
	assert.deepEqual(host.seen, ["HEAD", "POST", "PUT"]);
	assert.equal(
		lines.at(-1),
		`PUT https://registry.example.com/v2/team/app/blobs/uploads/here?id=0&state=0%2B%3D&digest=${digest}`,
	);
	assert.ok(host.blobs.get(digest)?.equals(content));
});

test("a blob of no bytes is sent too", async () => {
	const host = new UploadHost();
	await using standIn = await StandIn.open(host.answer);
	await using registry = openStandInRegistry(standIn);
	const empty = { digest: digestOf(new Uint8Array()), size: 0, read: reader([], Buffer.alloc(0)) };
	assert.equal(await registry.putBlob("team/app", empty, signal), "uploaded");
	assert.equal(host.blobs.get(empty.digest)?.length, 0);
});

test("a large blob goes in pieces, from one reading", async () => {
	const host = new UploadHost();
	const { opened } = await put(host, 30_000);
	assert.deepEqual(host.pieces, [30_000, 30_000, 30_000, 10_000, 0]);
	assert.deepEqual(opened, [0]);
	assert.ok(host.blobs.get(digest)?.equals(content));
});

test("pieces are as large as the registry wants them at least", async () => {
	const host = new UploadHost(undefined, { "oci-chunk-min-length": "60000" });
	await put(host, 1_000);
	assert.deepEqual(host.pieces, [60_000, 40_000, 0]);
});

test("a blob is mounted from where it is, and what else was begun is cancelled", async () => {
	const host = new UploadHost();
	host.elsewhere.set(digest, "team/right");
	const { outcome, opened } = await put(host, 1_000, { from: ["team/app", "team/wrong", "team/right"] });
	assert.equal(outcome, "mounted");
	assert.deepEqual(host.seen, ["HEAD", "POST", "DELETE", "POST"]);
	assert.deepEqual(opened, []);
	assert.equal(host.uploads.size, 0);
});

test("where nothing can be mounted, the upload goes on that was begun instead", async () => {
	const host = new UploadHost();
	assert.equal((await put(host, 100_000, { from: ["team/wrong"] })).outcome, "uploaded");
	assert.deepEqual(host.seen, ["HEAD", "POST", "PUT"]);
});

test("who may not mount uploads", async () => {
	const host = new UploadHost(({ query }) => (query.has("mount") ? { status: 403 } : undefined));
	assert.equal((await put(host, 100_000, { from: ["team/other"] })).outcome, "uploaded");
});

/** What goes wrong, and what the upload is like then: what requests brought, and from where the blob was read. */
const faults: readonly (readonly [
	name: string,
	fault: UploadFault,
	pieces: readonly number[],
	opened: readonly number[],
])[] = [
	[
		"a piece is lost",
		({ method }, count) => (method === "PATCH" && count === 2 ? "cut" : undefined),
		[30_000, 30_000, 30_000, 10_000, 0],
		[0, 30_000],
	],
	[
		"the answer to a piece is lost",
		({ method }, count) => (method === "PATCH" && count === 2 ? "lose" : undefined),
		[30_000, 30_000, 30_000, 10_000, 0],
		[0],
	],
	[
		"every other piece is lost",
		({ method }, count) => (method === "PATCH" && count % 2 === 0 ? "cut" : undefined),
		[30_000, 30_000, 30_000, 10_000, 0],
		[0, 30_000, 60_000, 90_000],
	],
	[
		"the answer to the last request is lost",
		({ method }) => (method === "PUT" ? "lose" : undefined),
		[30_000, 30_000, 30_000, 10_000, 0],
		[0],
	],
	[
		"the registry fails for a while",
		({ method }, count) => (method === "PATCH" && count === 2 ? { status: 503 } : undefined),
		[30_000, 30_000, 30_000, 10_000, 0],
		[0, 30_000],
	],
	[
		"the registry forgets the upload",
		({ method }, count) =>
			method === "PATCH" && count === 3
				? { status: 404, body: { errors: [{ code: "BLOB_UPLOAD_UNKNOWN" }] } }
				: undefined,
		[30_000, 30_000, 30_000, 30_000, 30_000, 10_000, 0],
		[0, 0],
	],
	[
		"the registry takes no pieces",
		({ method }) => (method === "PATCH" ? { status: 405 } : undefined),
		[100_000],
		[0, 0],
	],
	[
		"the registry does not tell how far it got",
		({ method }, count) => {
			if (method === "GET") return { status: 405 };
			return method === "PATCH" && count === 2 ? "cut" : undefined;
		},
		[30_000, 30_000, 30_000, 30_000, 10_000, 0],
		[0, 0],
	],
];

for (const [name, fault, pieces, opened] of faults) {
	test(`an upload comes through when ${name}`, async () => {
		const host = new UploadHost(fault);
		const done = await put(host, 30_000);
		assert.equal(done.outcome, "uploaded");
		assert.ok(host.blobs.get(digest)?.equals(content));
		assert.deepEqual(host.pieces, pieces);
		assert.deepEqual(done.opened, opened);
	});
}

test("a small blob whose request is lost is sent anew, and one whose answer is lost is not", async () => {
	const cut = new UploadHost(({ method }, count) => (method === "PUT" && count === 1 ? "cut" : undefined));
	assert.deepEqual((await put(cut, 100_000)).opened, [0, 0]);
	assert.equal(cut.uploads.size, 0);
	const lost = new UploadHost(({ method }) => (method === "PUT" ? "lose" : undefined));
	assert.deepEqual((await put(lost, 100_000)).opened, [0]);
});

test("an upload without any progress is given up", async () => {
	const host = new UploadHost(({ method }, count) => (method === "PATCH" && count > 1 ? "cut" : undefined));
	await assert.rejects(put(host, 30_000), { code: "UNREACHABLE" });
	assert.equal(host.seen.filter((method) => method === "PATCH").length, 4);
});

test("a failure of what is read is its own, and ends the upload", async () => {
	const host = new UploadHost();
	await using standIn = await StandIn.open(host.answer);
	await using registry = openStandInRegistry(standIn, {}, { chunkBytes: 30_000 });
	const read = async () =>
		(async function* () {
			yield content.subarray(0, 40_000);
			throw new RangeError("the disk is gone");
		})();
	await assert.rejects(registry.putBlob("team/app", { digest, size: content.length, read }, signal), {
		name: "RangeError",
		message: "the disk is gone",
	});
	assert.equal(host.uploads.size, 0);
});

test("a blob that is shorter than said is refused", async () => {
	const host = new UploadHost();
	await using standIn = await StandIn.open(host.answer);
	await using registry = openStandInRegistry(standIn, {}, { chunkBytes: 30_000 });
	const blob = { digest, size: content.length, read: reader([], content.subarray(0, 50_000)) };
	await assert.rejects(registry.putBlob("team/app", blob, signal), {
		code: "INVALID",
		message: /ended after 50000 bytes/,
	});
});

test("a blob that is not what its digest says is refused, and nothing is left behind", async () => {
	const host = new UploadHost();
	await using standIn = await StandIn.open(host.answer);
	await using registry = openStandInRegistry(standIn, {}, { chunkBytes: 30_000 });
	const blob = { digest: digestOf(Buffer.from("other")), size: content.length, read: reader() };
	await assert.rejects(registry.putBlob("team/app", blob, signal), { code: "INVALID", message: /400 DIGEST_INVALID/ });
	assert.equal(host.uploads.size, 0);
});

test("an upload is not led to another host", async () => {
	const headers = { location: "https://evil.example.com/upload" };
	const host = new UploadHost(({ method }) => (method === "POST" ? { status: 202, headers } : undefined));
	await assert.rejects(put(host, 1_000), { code: "INVALID", message: /leads on to https:\/\/evil\.example\.com/ });
});

test("the signal ends an upload that waits for its bytes", async () => {
	const host = new UploadHost();
	await using standIn = await StandIn.open(host.answer);
	await using registry = openStandInRegistry(standIn, {}, { chunkBytes: 30_000 });
	const ended = AbortSignal.timeout(100);
	const read = async () =>
		(async function* () {
			yield content.subarray(0, 100);
			await new Promise(() => undefined);
		})();
	await assert.rejects(registry.putBlob("team/app", { digest, size: content.length, read }, ended), {
		name: "TimeoutError",
	});
});
