import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { bytesOf, openStandInRegistry } from "../support/remote.ts";
import { StandIn, type StandInPlan, type StandInReply } from "../support/stand-in.ts";

const { signal } = new AbortController();
const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => i % 251));
const digest = digestOf(content);

const serve =
	(answer: StandInPlan): StandInPlan =>
	(request) =>
		request.path === "/v2/" ? {} : answer(request);

/** As storage that knows ranges answers. */
const ranged = (range: string | undefined): StandInReply => {
	const from = Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
	if (range === undefined) return { body: content };
	if (from >= content.length) return { status: 416 };
	const headers = { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` };
	return { status: 206, headers, body: content.subarray(from) };
};

test("a blob is read from its beginning or from an offset on", async () => {
	await using standIn = await StandIn.open(serve(({ headers }) => ranged(headers.range)));
	await using registry = openStandInRegistry(standIn);
	for (const offset of [0, 1, 150_000]) {
		await using blob = await registry.blob("team/app", digest, offset, signal);
		assert.ok(blob !== undefined);
		assert.deepEqual([blob.offset, blob.size], [offset, content.length]);
		assert.ok((await bytesOf(blob.bytes)).equals(content.subarray(offset)));
	}
});

test("who does not serve ranges begins at the beginning, and says so", async () => {
	await using standIn = await StandIn.open(serve(() => ({ body: content })));
	await using registry = openStandInRegistry(standIn);
	await using blob = await registry.blob("team/app", digest, 1_000, signal);
	assert.equal(blob?.offset, 0);
	assert.ok((await bytesOf(blob.bytes)).equals(content));
});

/** As storage that knows ranges with an end answers. */
const spanned = (range: string | undefined): StandInReply => {
	const [, first = "0", last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
	if (last === undefined) return ranged(range);
	const to = Math.min(Number(last), content.length - 1);
	const headers = { "content-range": `bytes ${first}-${to}/${content.length}` };
	return { status: 206, headers, body: content.subarray(Number(first), to + 1) };
};

test("a span of a blob is read, and gone on with to its end where its connection broke", async () => {
	let cuts = 3;
	await using standIn = await StandIn.open(
		serve(({ headers }) => ({ ...spanned(headers.range), ...(cuts-- > 0 ? { cutAfter: 20_000 } : {}) })),
	);
	await using registry = openStandInRegistry(standIn);
	for (const [offset, end] of [
		[0, 100_000],
		[50_000, 50_001],
		[150_000, content.length],
	] as const) {
		await using blob = await registry.blob("team/app", digest, { offset, end }, signal);
		assert.ok(blob !== undefined);
		assert.deepEqual([blob.offset, blob.end, blob.size], [offset, end, content.length]);
		assert.ok((await bytesOf(blob.bytes)).equals(content.subarray(offset, end)));
	}
});

test("who serves no ranges gives the whole blob for a span, and says so", async () => {
	await using standIn = await StandIn.open(serve(() => ({ body: content })));
	await using registry = openStandInRegistry(standIn);
	await using blob = await registry.blob("team/app", digest, { offset: 0, end: 1_000 }, signal);
	assert.deepEqual([blob?.offset, blob?.end, blob?.size], [0, undefined, content.length]);
	assert.ok(blob !== undefined && (await bytesOf(blob.bytes)).equals(content));
});

test("an offset beyond the end brings the whole blob", async () => {
	await using standIn = await StandIn.open(serve(({ headers }) => ranged(headers.range)));
	await using registry = openStandInRegistry(standIn);
	await using blob = await registry.blob("team/app", digest, content.length, signal);
	assert.equal(blob?.offset, 0);
	assert.ok((await bytesOf(blob.bytes)).equals(content));
});

for (const [name, knowsRanges] of [
	["by ranges", true],
	["from the beginning where there are no ranges", false],
] as const) {
	test(`a blob goes on where its connection broke, ${name}`, async () => {
		let asked = 0;
		await using standIn = await StandIn.open(
			serve(({ headers }) => {
				asked++;
				const reply = knowsRanges ? ranged(headers.range) : { body: content };
				return asked < 12 ? { ...reply, cutAfter: knowsRanges ? 10_000 : 10_000 * asked } : reply;
			}),
		);
		await using registry = openStandInRegistry(standIn, {}, { tries: 3 });
		await using blob = await registry.blob("team/app", digest, 0, signal);
		assert.ok(blob !== undefined && (await bytesOf(blob.bytes)).equals(content));
		// More breaks than there are tries: each of them followed some progress.
		assert.equal(asked, 12);
	});
}

test("a blob that breaks again and again without progress is given up", async () => {
	await using standIn = await StandIn.open(
		serve(({ headers }) => ({ ...ranged(headers.range), cutAfter: headers.range === undefined ? 10_000 : 0 })),
	);
	await using registry = openStandInRegistry(standIn, {}, { tries: 3 });
	await using blob = await registry.blob("team/app", digest, 0, signal);
	assert.ok(blob !== undefined);
	await assert.rejects(bytesOf(blob.bytes), { code: "UNREACHABLE" });
});

test("a blob that stands still goes on over another connection", async () => {
	let asked = 0;
	const { promise: never } = Promise.withResolvers<undefined>();
	await using standIn = await StandIn.open(
		serve(async ({ headers }) => {
			asked++;
			if (asked === 2) await never;
			return asked === 1 ? { ...ranged(headers.range), cutAfter: 5_000 } : ranged(headers.range);
		}),
	);
	await using registry = openStandInRegistry(standIn, {}, { headMs: 300, stallMs: 300 });
	await using blob = await registry.blob("team/app", digest, 0, signal);
	assert.ok(blob !== undefined && (await bytesOf(blob.bytes)).equals(content));
	assert.equal(asked, 3);
});

test("credentials stay behind when a blob lies elsewhere, and the range goes along", async () => {
	await using standIn = await StandIn.open(({ origin, path, headers }) => {
		if (origin === "https://storage.example.com") {
			assert.equal(headers.authorization, undefined);
			return path === "/one" ? { status: 302, headers: { location: "/two?signature=s" } } : ranged(headers.range);
		}
		if (origin === "https://auth.example.com") return { body: { token: "good" } };
		if (headers.authorization !== "Bearer good") {
			return { status: 401, headers: { "www-authenticate": 'Bearer realm="https://auth.example.com/token"' } };
		}
		return path === "/v2/" ? {} : { status: 307, headers: { location: "https://storage.example.com/one?signature=s" } };
	});
	await using registry = openStandInRegistry(standIn, { credentials: { username: "me", password: "p" } });
	await using blob = await registry.blob("team/app", digest, 7, signal);
	assert.equal(blob?.offset, 7);
	assert.ok((await bytesOf(blob.bytes)).equals(content.subarray(7)));
	assert.equal(await registry.hasBlob("team/app", digest, signal), true);
	assert.ok(standIn.lines.includes("GET https://storage.example.com/two?signature=s"));
});

for (const [name, location, message] of [
	["without an end", "/v2/team/app/blobs/again", /more than 5 redirects/],
	["away from TLS", "http://storage.example.com/", /leads to http:\/\/storage\.example\.com, which is not followed/],
	["to a file", "file:///etc/passwd", /which is not followed/],
	["to nowhere", "https://", /leads to nowhere/],
] as const) {
	test(`a blob is not followed ${name}`, async () => {
		await using standIn = await StandIn.open(serve(() => ({ status: 307, headers: { location } })));
		await using registry = openStandInRegistry(standIn);
		await assert.rejects(registry.blob("team/app", digest, 0, signal), { code: "INVALID", message });
		// The greeting, the blob, and five steps at most.
		assert.ok(standIn.seen.length <= 7, `${standIn.seen.length} requests`);
	});
}

test("a failure of storage does not tell the signature by which it was asked", async () => {
	await using standIn = await StandIn.open(({ origin, path }) => {
		if (origin === "https://storage.example.com") return { status: 403, body: "<Error/>" };
		return path === "/v2/"
			? {}
			: { status: 307, headers: { location: "https://storage.example.com/one?signature=s3cret" } };
	});
	await using registry = openStandInRegistry(standIn);
	await assert.rejects(registry.blob("team/app", digest, 0, signal), (error: Error) => {
		assert.match(error.message, /GET https:\/\/storage\.example\.com\/one was answered by 403$/);
		return true;
	});
});

test("a blob that is closed early ends its connection", async () => {
	await using standIn = await StandIn.open(serve(() => ({ body: Buffer.alloc(50 * 1024 * 1024) })));
	await using registry = openStandInRegistry(standIn);
	const blob = await registry.blob("team/app", digest, 0, signal);
	assert.ok(blob !== undefined);
	const iterator = blob.bytes[Symbol.asyncIterator]();
	await iterator.next();
	await blob[Symbol.asyncDispose]();
	await assert.rejects(async () => {
		while ((await iterator.next()).done !== true);
	});
	assert.equal(standIn.seen.length, 2);
});
