import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type BlobStore, canPresign, type Presigns } from "#/storage/blob-store.ts";
import type { S3StoreDeps, S3StoreOpts } from "#/storage/s3/s3-store-opts.ts";
import { assertBytes, noise, put } from "../../conformance/blob-store/bench.ts";
import { openTestStore, privateS3, s3Bucket, s3Servers } from "../../support/s3.ts";
import { temporaryKeys } from "../../support/s3-temporary-keys.ts";

const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";
const GET = { method: "GET", contentType: LAYER } as const;

async function openPresigning(
	t: TestContext,
	endpoint: string,
	opts: Partial<S3StoreOpts> = {},
	deps: Partial<S3StoreDeps> = {},
): Promise<BlobStore & Presigns> {
	const store = await openTestStore(endpoint, { prefix: "a b+c/presign/", redirect: {}, ...opts }, deps);
	t.after(() => store[Symbol.asyncDispose]());
	assert.ok(canPresign(store));
	return store;
}

for (const name of s3Servers) {
	const server = privateS3(name);
	const presignTest = (claim: string, run: (t: TestContext) => Promise<void>): void => {
		test(`s3 on ${name}: ${claim}`, { skip: server.skip, timeout: 60_000 }, run);
	};

	presignTest("a presigned URL serves the object to whoever has it, as the type it is asked for", async (t) => {
		const store = await openPresigning(t, await server.endpoint());
		const bytes = noise(300_000);
		await put(store, "ab/layer", bytes);
		const url = await store.presign("ab/layer", GET);
		const whole = await fetch(url);
		assert.equal(whole.status, 200);
		assert.equal(whole.headers.get("content-type"), LAYER);
		assertBytes(new Uint8Array(await whole.arrayBuffer()), bytes);
		const range = await fetch(url, { headers: { range: "bytes=100-199" } });
		assert.equal(range.status, 206);
		assertBytes(new Uint8Array(await range.arrayBuffer()), bytes.subarray(100, 200));
		const head = await fetch(await store.presign("ab/layer", { ...GET, method: "HEAD" }), { method: "HEAD" });
		assert.equal(head.status, 200);
		assert.equal(head.headers.get("content-length"), String(bytes.byteLength));
	});

	presignTest("a presigned URL is good for one object, one method and one type only", async (t) => {
		const store = await openPresigning(t, await server.endpoint());
		await put(store, "ab/one", noise(10));
		await put(store, "ab/two", noise(10));
		const url = await store.presign("ab/one", GET);
		const refused = async (changed: string, init: RequestInit = {}): Promise<void> => {
			assert.equal((await fetch(changed, init)).status, 403, changed);
		};
		await refused(url.replace("ab/one", "ab/two"));
		await refused(url, { method: "PUT", body: "x" });
		await refused(url, { method: "DELETE" });
		await refused(url.replace("layer.v1", "layer.v2"));
		await refused(url.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=604800"));
		await refused(url.split("?")[0] ?? url);
	});

	presignTest("a presigned URL is the same for half of its life, and refused after it", async (t) => {
		const start = Math.floor(Date.now() / 600_000) * 600_000;
		let now = start;
		const endpoint = await server.endpoint();
		const stores = [
			await openPresigning(t, endpoint, {}, { now: () => now }),
			await openPresigning(t, endpoint, {}, { now: () => now }),
		];
		const urls = new Set<string>();
		for (const later of [0, 1, 300_000, 599_999]) {
			now = start + later;
			for (const store of stores) urls.add(await store.presign("ab/stable", GET));
		}
		assert.equal(urls.size, 1);
		now = start + 600_000;
		assert.equal(urls.has((await stores[0]?.presign("ab/stable", GET)) ?? ""), false);

		const brief = await openPresigning(t, endpoint, { redirect: { life: 4 } });
		await put(brief, "ab/brief", noise(10));
		const url = await brief.presign("ab/brief", GET);
		assert.equal((await fetch(url)).status, 200);
		await sleep(4200);
		assert.equal((await fetch(url)).status, 403);
		assert.equal((await fetch(await brief.presign("ab/brief", GET))).status, 200);
	});

	presignTest("clients may be sent to another address than the registry's own", async (t) => {
		const endpoint = await server.endpoint();
		const outside = endpoint.replace("127.0.0.1", "localhost");
		const store = await openPresigning(t, endpoint, { redirect: { endpoint: outside } });
		await put(store, "ab/outside", noise(10));
		const url = await store.presign("ab/outside", GET);
		assert.ok(url.startsWith(`${outside}/${s3Bucket}/`), url);
		assert.equal((await fetch(url)).status, 200);
	});

	test(`s3 on ${name}: a store that is not set to redirect cannot presign`, { skip: server.skip }, async () => {
		await using store = await openTestStore(await server.endpoint());
		assert.equal(canPresign(store), false);
	});
}

const minio = privateS3("minio");

test("s3 on minio: temporary keys with a session token write, read and presign", { skip: minio.skip }, async (t) => {
	const endpoint = await minio.endpoint();
	const keys = await temporaryKeys(endpoint);
	const store = await openPresigning(t, endpoint, { keys });
	await put(store, "ab/temporary", noise(6_000_000));
	const url = await store.presign("ab/temporary", GET);
	assert.equal((await fetch(url)).status, 200);
	assert.equal((await fetch(url.replace(/&X-Amz-Security-Token=[^&]+/, ""))).status, 403);
});
