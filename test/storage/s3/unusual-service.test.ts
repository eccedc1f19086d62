import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { test } from "node:test";
import { S3Client } from "@aws-sdk/client-s3";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { Bucket } from "#/storage/s3/bucket.ts";
import { connectS3Store } from "#/storage/s3/connect.ts";
import { Multipart } from "#/storage/s3/multipart.ts";
import { MAX_PARTS } from "#/storage/s3/part-size.ts";
import { assertStoreError, never, noise, put } from "../../conformance/blob-store/bench.ts";
import { s3Keys, testStoreDeps, testStoreOpts } from "../../support/s3.ts";

interface Answer {
	readonly status: number;
	readonly headers?: Readonly<Record<string, string>>;
	readonly body?: string;
}

/** A service that answers as real ones here do not. */
async function openService(answer: (request: IncomingMessage, body: Buffer) => Answer) {
	const server = createServer((request, response) => {
		buffer(request).then(
			(body) => {
				const { status, headers = {}, body: text = "" } = answer(request, body);
				response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : text);
			},
			() => response.destroy(),
		);
	});
	const { promise, resolve } = Promise.withResolvers<void>();
	server.listen(0, "127.0.0.1", resolve);
	await promise;
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	return {
		endpoint: `http://127.0.0.1:${address.port}`,
		[Symbol.asyncDispose]: async () => {
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		},
	};
}

const error = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;

test("a service that knows no conditions is written to without them", async () => {
	const conditions: (string | undefined)[] = [];
	await using service = await openService(({ headers }) => {
		conditions.push(headers["if-none-match"]);
		if (headers["if-none-match"] !== undefined) return { status: 501, body: error("NotImplemented") };
		return { status: 200, headers: { etag: '"x"' } };
	});
	const { store } = await connectS3Store(testStoreOpts(service.endpoint), testStoreDeps());
	await put(store, "a", noise(10));
	await put(store, "b", noise(10));
	assert.deepEqual(conditions, ["*", undefined, undefined]);
	await store[Symbol.asyncDispose]();
});

test("the hash of the body is signed, and the body is what was appended", async () => {
	const seen: (string | undefined)[] = [];
	await using service = await openService(({ headers }, body) => {
		seen.push(String(headers["x-amz-content-sha256"]), body.toString());
		return { status: 200, headers: { etag: '"x"' } };
	});
	const { store } = await connectS3Store(testStoreOpts(service.endpoint), testStoreDeps());
	for (const algorithm of ["sha256", "sha512"] as const) {
		await using writer = await store.write("abc", { algorithm }, never);
		await writer.append(Buffer.from("abc"));
		await writer.commit(never);
	}
	const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	assert.deepEqual(seen, [hash, "abc", hash, "abc"]);
	await store[Symbol.asyncDispose]();
});

test("after 10,000 parts a blob is too large, and stays so", async () => {
	await using service = await openService(() => ({ status: 200, headers: { etag: '"x"' } }));
	const client = new S3Client({ endpoint: service.endpoint, region: "r", credentials: s3Keys, forcePathStyle: true });
	using bucket = new Bucket(client, { bucket: "b", prefix: "" });
	const budget = new ByteBudget(1000);
	const stored = { uploadId: "u", etags: new Array<string>(MAX_PARTS - 1).fill('"x"') };
	const multipart = new Multipart({ bucket, budget }, "large", stored);
	const payload = { bytes: noise(10), sha256: "UNSIGNED-PAYLOAD" };
	await multipart.push(payload);
	assert.equal((await multipart.settled()).length, MAX_PARTS);
	await assertStoreError("FULL", () => multipart.push(payload));
	await assertStoreError("FULL", () => multipart.settled());
	assert.equal(budget.taken, 0);
});

test("a spent budget lets a writer have no part under way beside the one it collects", async () => {
	await using service = await openService(() => ({ status: 200, headers: { etag: '"x"' } }));
	const client = new S3Client({ endpoint: service.endpoint, region: "r", credentials: s3Keys, forcePathStyle: true });
	using bucket = new Bucket(client, { bucket: "b", prefix: "" });
	for (const [limit, left] of [
		[5, 0],
		[1_000_000, 10],
	] as const) {
		const budget = new ByteBudget(limit);
		const multipart = new Multipart({ bucket, budget }, "key", { uploadId: "u", etags: [] });
		await multipart.push({ bytes: noise(10), sha256: "UNSIGNED-PAYLOAD" });
		assert.equal(budget.taken, left);
		await multipart.end();
		assert.equal(budget.taken, 0);
	}
});

test("an answer that is no S3 is unavailable", async () => {
	await using service = await openService(() => ({ status: 200, body: "<html>Welcome</html>" }));
	const { store } = await connectS3Store(testStoreOpts(service.endpoint), testStoreDeps());
	await assertStoreError("UNAVAILABLE", async () => {
		await using writer = await store.write("a", {}, never);
		await writer.append(noise(11_000_000));
		await writer.commit(never);
	});
	await store[Symbol.asyncDispose]();
});
