import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { Bucket } from "#/storage/gcs/bucket.ts";
import { Connections } from "#/storage/gcs/exchange.ts";
import { CredentialsError } from "#/storage/gcs/gcs-error.ts";
import { deleteObject, statObject } from "#/storage/gcs/objects.ts";
import type { StoreErrorCode } from "#/storage/store-error.ts";
import { assertStoreError, never } from "../../conformance/blob-store/bench.ts";

interface Answer {
	readonly status: number;
	readonly body?: string;
}

/** A service that gives these answers in turn, the last one for ever, and keeps what it was asked. */
async function openBucket(
	t: TestContext,
	answers: readonly Answer[],
	authorize = async (): Promise<Readonly<Record<string, string>>> => ({ authorization: "Bearer token" }),
): Promise<{ readonly bucket: Bucket; readonly asked: IncomingMessage[] }> {
	const asked: IncomingMessage[] = [];
	const server = createServer((request: IncomingMessage, answer: ServerResponse) => {
		const { status, body = "" } = answers[Math.min(asked.length, answers.length - 1)] ?? { status: 500 };
		asked.push(request);
		answer.writeHead(status, { "content-type": "application/json" }).end(body);
	});
	const { promise, resolve } = Promise.withResolvers<void>();
	server.listen(0, "127.0.0.1", resolve);
	await promise;
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	const connections = new Connections(1000);
	const bucket = new Bucket(
		{ connections, authorize, random: () => 0 },
		{ endpoint: `http://127.0.0.1:${address.port}`, bucket: "a-bucket", prefix: "limani/" },
	);
	t.after(() => {
		bucket[Symbol.dispose]();
		server.close();
	});
	return { bucket, asked };
}

const failure = (code: number, reason: string, message: string): string =>
	JSON.stringify({ error: { code, message, errors: [{ message, domain: "global", reason }] } });

const judged: readonly (readonly [answer: Answer, code: StoreErrorCode, requests: number])[] = [
	[{ status: 401, body: failure(401, "authError", "Invalid Credentials") }, "DENIED", 1],
	[{ status: 403, body: failure(403, "forbidden", "no storage.objects.get access") }, "DENIED", 1],
	[{ status: 403, body: failure(403, "rateLimitExceeded", "Rate limit exceeded") }, "UNAVAILABLE", 4],
	[{ status: 429, body: failure(429, "rateLimitExceeded", "Too many") }, "UNAVAILABLE", 4],
	[{ status: 404, body: failure(404, "notFound", "The specified bucket does not exist.") }, "UNAVAILABLE", 1],
	[{ status: 503, body: "<html>not JSON</html>" }, "UNAVAILABLE", 4],
	[{ status: 500 }, "UNAVAILABLE", 4],
	[{ status: 400, body: failure(400, "invalid", "what?") }, "UNAVAILABLE", 1],
	[{ status: 200, body: "{" }, "UNAVAILABLE", 4],
	[{ status: 200, body: "{}" }, "UNAVAILABLE", 1],
	[{ status: 200, body: '{"name":"limani/k","size":"-1"}' }, "UNAVAILABLE", 1],
];

for (const [answer, code, requests] of judged) {
	test(`gcs: ${answer.status} ${answer.body ?? ""} is ${code} after ${requests} requests`, async (t) => {
		const { bucket, asked } = await openBucket(t, [answer]);
		await assertStoreError(code, () => statObject(bucket, "k", never));
		assert.equal(asked.length, requests);
	});
}

test("gcs: a missing object is none, and deleting it is a success", async (t) => {
	const { bucket, asked } = await openBucket(t, [
		{ status: 404, body: failure(404, "notFound", "No such object: a-bucket/limani/k") },
	]);
	assert.equal(await statObject(bucket, "k", never), undefined);
	await deleteObject(bucket, "k", never);
	assert.equal(asked.length, 2);
});

test("gcs: requests carry the credentials and the whole name, and are repeated until they are answered", async (t) => {
	const { bucket, asked } = await openBucket(t, [
		{ status: 503 },
		{ status: 429 },
		{ status: 200, body: '{"name":"limani/a/b","size":"12","updated":"2026-11-22T00:00:00Z"}' },
	]);
	const stat = await statObject(bucket, "a/b", never);
	assert.deepEqual(stat, { key: "a/b", size: 12, modifiedAt: Date.parse("2026-11-22T00:00:00Z") });
	assert.equal(asked.length, 3);
	for (const { url, headers } of asked) {
		assert.match(url ?? "", /^\/storage\/v1\/b\/a-bucket\/o\/limani%2Fa%2Fb\?/);
		assert.equal(headers.authorization, "Bearer token");
	}
});

test("gcs: without credentials nothing is asked", async (t) => {
	const { bucket, asked } = await openBucket(t, [{ status: 200 }], () =>
		Promise.reject(new CredentialsError("no default credentials")),
	);
	await assertStoreError("DENIED", () => statObject(bucket, "k", never));
	assert.equal(asked.length, 0);
});
