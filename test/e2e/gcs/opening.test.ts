import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { canPresign } from "#/storage/blob-store.ts";
import {
	appendAll,
	assertBytes,
	assertStoreError,
	KIB,
	listKeys,
	MIB,
	never,
	noise,
	put,
	read,
	throughJson,
} from "../../conformance/blob-store/bench.ts";
import { FaultyProxy } from "../../support/faulty-proxy.ts";
import { BehindGcs, openTestGcs, privateGcs } from "../../support/gcs.ts";

const server = privateGcs();
const opts = { skip: server.skip, timeout: 60_000 };

test("gcs: no bucket ends the opening, a service that does not answer yet does not", opts, async () => {
	await assertStoreError("UNAVAILABLE", async () => openTestGcs(await server.address(), { bucket: "nowhere" }));
	const proxy = new FaultyProxy("http://127.0.0.1:1");
	const gone = await proxy.start();
	await proxy[Symbol.asyncDispose]();
	await using store = await openTestGcs(gone);
	await assertStoreError("UNAVAILABLE", () => store.stat("some", never));
});

test("gcs: an object of more parts than one request can put together is put together in steps", opts, async () => {
	const endpoint = await server.address();
	const behind = new BehindGcs(endpoint);
	await using store = await openTestGcs(endpoint, { prefix: "steps/", partSize: 4 * KIB });
	for (const parts of [32, 33, 1100]) {
		const key = `of-${parts}`;
		const bytes = noise(parts * 4 * KIB);
		const writer = await store.write(key, {}, never);
		await appendAll(writer, bytes.subarray(0, bytes.byteLength - 10));
		const state = throughJson(await writer.checkpoint(never));
		await writer[Symbol.asyncDispose]();
		await using resumed = await store.resume(key, state, {}, never);
		await resumed.append(new Uint8Array(bytes.subarray(-10)));
		assert.equal(await resumed.digest("sha256", never), digestOf(bytes));
		await resumed.commit(never);
		assertBytes(await read(store, key), bytes);
		assert.deepEqual(await behind.names(`steps/${key}`), [`steps/${key}`]);
	}
});

test(
	"gcs: a commit whose object is there, and whose parts are not, is known by whoever goes on with it",
	opts,
	async () => {
		const endpoint = await server.address();
		await using proxy = new FaultyProxy(endpoint);
		await using store = await openTestGcs(await proxy.start(), { prefix: "died/" });
		const writer = await store.write("key", {}, never);
		await appendAll(writer, noise(9 * MIB));
		const state = throughJson(await writer.checkpoint(never));
		// As when the process ends between making the object and removing the parts.
		proxy.plan = ({ method }) => (method === "DELETE" ? { answer: { status: 403, body: "{}" } } : undefined);
		await writer.commit(never);
		proxy.plan = () => undefined;
		assert.deepEqual(await listKeys(store, ""), ["key", "key*"]);
		await assertStoreError("NOT_FOUND", () => store.resume("key", state, {}, never));
		assertBytes(await read(store, "key"), noise(9 * MIB));
		await store.delete("key", state, never);
		assert.deepEqual(await listKeys(store, ""), []);
	},
);

test("gcs: no credentials go where there is no TLS, and signed URLs serve GET and HEAD", opts, async (t) => {
	const folder = await mkdtemp(join(tmpdir(), "limani-gcs-"));
	t.after(() => rm(folder, { recursive: true }));
	const credentialsFile = join(folder, "key.json");
	const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
	const key = {
		type: "service_account",
		client_email: "a@b.c",
		private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
	};
	await writeFile(credentialsFile, JSON.stringify(key));
	await using proxy = new FaultyProxy(await server.address());
	const authorized: unknown[] = [];
	proxy.plan = ({ headers }) => {
		if (headers.authorization !== undefined) authorized.push(headers.authorization);
		return undefined;
	};
	const signing = { prefix: "signed/", credentialsFile, redirect: true };
	await using past = await openTestGcs(await proxy.start(), signing);
	await put(past, "a/blob", noise(5000));
	assert.ok(proxy.seen.length > 1);
	assert.deepEqual(authorized, []);

	// The emulator serves URLs under its own name alone.
	await using store = await openTestGcs(await server.address(), signing);
	assert.ok(canPresign(store));
	const contentType = "application/vnd.oci.image.layer.v1.tar+gzip";
	const got = await fetch(await store.presign("a/blob", { contentType, method: "GET" }));
	assertBytes(new Uint8Array(await got.arrayBuffer()), noise(5000));
	assert.equal(got.headers.get("content-type"), contentType);
	const head = await fetch(await store.presign("a/blob", { contentType, method: "HEAD" }), { method: "HEAD" });
	assert.equal(head.status, 200);
	await using plain = await openTestGcs(await server.address());
	assert.equal(canPresign(plain), false);
});
