import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import type { LookupFunction } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { canPresign } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import {
	assertBytes,
	assertStoreError,
	listKeys,
	MIB,
	never,
	noise,
	put,
	read,
} from "../../conformance/blob-store/bench.ts";
import { FaultyProxy } from "../../support/faulty-proxy.ts";
import { openTestStore, privateS3, s3Bucket, s3Keys, s3Servers } from "../../support/s3.ts";
import { openTlsFront } from "../../support/tls-front.ts";

const run = promisify(execFile);

for (const name of s3Servers) {
	const server = privateS3(name);
	const { skip } = server;

	test(`s3 on ${name}: a bucket that is not there is told when the store is opened`, { skip }, async () => {
		const endpoint = await server.endpoint();
		await assert.rejects(
			() => openTestStore(endpoint, { bucket: "no-such-bucket" }),
			(error) => error instanceof StoreError && error.code === "UNAVAILABLE" && /no bucket/.test(error.message),
		);
	});

	test(`s3 on ${name}: keys that are wrong or missing are told when the store is opened`, { skip }, async (t) => {
		const endpoint = await server.endpoint();
		for (const keys of [
			{ ...s3Keys, secretAccessKey: "wrong" },
			{ ...s3Keys, accessKeyId: "nobody" },
		]) {
			await assertStoreError("DENIED", () => openTestStore(endpoint, { keys }));
		}
		environment(t, { AWS_EC2_METADATA_DISABLED: "true" });
		await assertStoreError("DENIED", () => openTestStore(endpoint, { keys: undefined }));
	});

	test(`s3 on ${name}: without keys the environment's are taken`, { skip }, async (t) => {
		environment(t, { AWS_ACCESS_KEY_ID: s3Keys.accessKeyId, AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey });
		await using store = await openTestStore(await server.endpoint(), { keys: undefined, prefix: "chain/" });
		await put(store, "found", noise(10));
		assert.deepEqual(await listKeys(store, ""), ["found"]);
	});

	test(`s3 on ${name}: a service that does not answer yet is no reason not to open`, { skip }, async () => {
		const proxy = new FaultyProxy(await server.endpoint());
		const endpoint = await proxy.start();
		await proxy[Symbol.asyncDispose]();
		await using store = await openTestStore(endpoint);
		await assertStoreError("UNAVAILABLE", () => store.stat("a", never));
	});

	test(`s3 on ${name}: a private authority is trusted by its file, and by nothing else`, { skip }, async () => {
		await using front = await openTlsFront(await server.endpoint(), await server.folder());
		const { endpoint, caFile } = front;
		await using store = await openTestStore(endpoint, { caFile, prefix: "tls/" });
		const bytes = noise(11 * MIB);
		await put(store, "sealed", bytes);
		assertBytes(await read(store, "sealed"), bytes);
		await assert.rejects(() => openTestStore(endpoint), /certificate is not trusted: set caFile/);
		await assert.rejects(() => openTestStore(endpoint, { caFile: `${caFile}.none` }), /caFile/);
	});

	test(`s3 on ${name}: stores of different prefixes do not see each other`, { skip }, async () => {
		const endpoint = await server.endpoint();
		await using outer = await openTestStore(endpoint, { prefix: "shared/" });
		await using inner = await openTestStore(endpoint, { prefix: "shared/inner/" });
		await put(inner, "ab/1", noise(10));
		await put(outer, "ab/1", noise(20));
		assert.deepEqual(await listKeys(inner, ""), ["ab/1"]);
		assert.deepEqual(await listKeys(outer, "ab"), ["ab/1"]);
		await outer.delete("ab/1", undefined, never);
		assert.equal((await inner.stat("ab/1", never))?.size, 10);
	});
}

const ceph = privateS3("radosgw");

test("s3 on radosgw: a quota that is used up is a full store", { skip: ceph.skip }, async () => {
	const endpoint = await ceph.endpoint();
	await using store = await openTestStore(endpoint, { prefix: "quota/" });
	const env = { ...process.env, CEPH_CONF: join(await ceph.folder(), "ceph.conf") };
	const quota = ["--quota-scope=user", "--uid=limani"];
	await run("radosgw-admin", ["quota", "set", ...quota, "--max-objects=0"], { env });
	await run("radosgw-admin", ["quota", "enable", ...quota], { env });
	await assertStoreError("FULL", () => put(store, "small", noise(10)));
	await assertStoreError("FULL", () => put(store, "large", noise(11 * MIB)));
	await run("radosgw-admin", ["quota", "disable", ...quota], { env });
	await put(store, "small", noise(10));
});

const domain = "s3.limani.test";
const hosted = privateS3("minio", { MINIO_DOMAIN: domain });

/** What a name server would say of every host below the domain. */
const toLoopback: LookupFunction = (_host, options, found) => {
	if (options.all === true) found(null, [{ address: "127.0.0.1", family: 4 }]);
	else found(null, "127.0.0.1", 4);
};

test("s3 on minio: the bucket may stand in the host's name", { skip: hosted.skip }, async () => {
	const { port } = new URL(await hosted.endpoint());
	const opts = { pathStyle: false, redirect: {}, prefix: "hosted/" };
	await using store = await openTestStore(`http://${domain}:${port}`, opts, { lookup: toLoopback });
	const bytes = noise(11 * MIB);
	await put(store, "ab/cd", bytes);
	assertBytes(await read(store, "ab/cd"), bytes);
	assert.deepEqual(await listKeys(store, "ab"), ["ab/cd"]);
	assert.ok(canPresign(store));
	const url = await store.presign("ab/cd", { method: "GET", contentType: "text/plain" });
	const host = `${s3Bucket}.${domain}:${port}`;
	assert.ok(url.startsWith(`http://${host}/hosted/ab/cd?`), url);
	const { stdout } = await run("curl", [
		"-s",
		"--resolve",
		`${host}:127.0.0.1`,
		"-o",
		"/dev/null",
		"-w",
		"%{http_code} %{size_download}",
		url,
	]);
	assert.equal(stdout, `200 ${bytes.byteLength}`);
});

/** Sets variables until the end of the test. */
function environment(t: { after(restore: () => void): void }, variables: Readonly<Record<string, string>>): void {
	for (const [name, value] of Object.entries(variables)) {
		const before = process.env[name];
		process.env[name] = value;
		t.after(() => {
			if (before === undefined) delete process.env[name];
			else process.env[name] = before;
		});
	}
}
