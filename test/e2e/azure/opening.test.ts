import assert from "node:assert/strict";
import { test } from "node:test";
import {
	AccountSASPermissions,
	BlobServiceClient,
	generateAccountSASQueryParameters,
	StorageSharedKeyCredential,
} from "@azure/storage-blob";
import { canPresign } from "#/storage/blob-store.ts";
import {
	appendAll,
	assertBytes,
	assertStoreError,
	listKeys,
	MIB,
	never,
	noise,
	put,
	read,
	throughJson,
} from "../../conformance/blob-store/bench.ts";
import { fieldOf, openTestAzure, privateAzurite, withWrongKey } from "../../support/azure.ts";
import { FaultyProxy } from "../../support/faulty-proxy.ts";

const azurite = privateAzurite();
const opts = { skip: azurite.skip, timeout: 60_000 };

test("azure: a wrong key, no container and a broken connection string end the opening", opts, async () => {
	const address = await azurite.address();
	await assertStoreError("DENIED", () => openTestAzure(withWrongKey(address)));
	await assertStoreError("UNAVAILABLE", () => openTestAzure(address, { container: "nowhere" }));
	await assertStoreError("UNAVAILABLE", () => openTestAzure("AccountName=only"));
	await assertStoreError("UNAVAILABLE", () => openTestAzure(address, { container: "nowhere", redirect: true }));
});

test("azure: a service that does not answer yet does not end the opening", opts, async () => {
	const proxy = new FaultyProxy("http://127.0.0.1:1");
	const gone = await proxy.start();
	await proxy[Symbol.asyncDispose]();
	const account = { accountName: "someone", accountKey: Buffer.alloc(64).toString("base64"), endpoint: gone };
	await using store = await openTestAzure("", { account });
	await assertStoreError("UNAVAILABLE", () => store.stat("some", never));
});

test("azure: a container that goes away is no missing object", opts, async () => {
	const address = await azurite.address();
	const container = BlobServiceClient.fromConnectionString(address).getContainerClient("shortlived");
	await container.create();
	await using store = await openTestAzure(address, { container: "shortlived" });
	await put(store, "here", noise(10));
	await container.delete();
	await assertStoreError("UNAVAILABLE", () => store.stat("here", never));
	await assertStoreError("UNAVAILABLE", () => store.open("here", never));
	await assertStoreError("UNAVAILABLE", () => put(store, "more", noise(10)));
	await assertStoreError("UNAVAILABLE", () => listKeys(store, ""));
});

test("azure: an account's name, key and endpoint open the same store as its connection string", opts, async () => {
	const address = await azurite.address();
	const account = {
		accountName: fieldOf(address, "AccountName"),
		accountKey: fieldOf(address, "AccountKey"),
		endpoint: fieldOf(address, "BlobEndpoint"),
	};
	await using byName = await openTestAzure("", { account, prefix: "names/" });
	await using byString = await openTestAzure(address, { prefix: "names/" });
	await put(byName, "one", noise(100));
	assertBytes(await read(byString, "one"), noise(100));
});

test(
	"azure: a signed URL serves one blob by GET and HEAD, stays the same for half its life, and ends",
	opts,
	async () => {
		const address = await azurite.address();
		let now = Math.floor(Date.now() / 600_000) * 600_000;
		await using store = await openTestAzure(address, { prefix: "signed/", redirect: true }, { now: () => now });
		assert.ok(canPresign(store));
		const bytes = noise(3 * MIB);
		await put(store, "a/blob", bytes);
		await put(store, "other", bytes);
		const contentType = "application/vnd.oci.image.layer.v1.tar+gzip";
		const url = await store.presign("a/blob", { contentType, method: "GET" });
		const got = await fetch(url);
		assert.equal(got.status, 200);
		assert.equal(got.headers.get("content-type"), contentType);
		assertBytes(new Uint8Array(await got.arrayBuffer()), bytes);
		const head = await fetch(await store.presign("a/blob", { contentType, method: "HEAD" }), { method: "HEAD" });
		assert.equal(head.status, 200);
		assert.equal(head.headers.get("content-length"), String(bytes.byteLength));
		const range = await fetch(url, { headers: { range: "bytes=10-19" } });
		assertBytes(new Uint8Array(await range.arrayBuffer()), bytes.subarray(10, 20));

		now += 599_999;
		assert.equal(await store.presign("a/blob", { contentType, method: "GET" }), url);
		now += 1;
		assert.notEqual(await store.presign("a/blob", { contentType, method: "GET" }), url);
		assert.equal((await fetch(url.replace("a/blob", "other"))).status, 403);
		assert.equal((await fetch(url, { method: "DELETE" })).status, 403);
		now -= 3 * 3_600_000;
		assert.equal((await fetch(await store.presign("a/blob", { contentType, method: "GET" }))).status, 403, "expired");
		await assert.rejects(async () => store.presign("../x", { contentType, method: "GET" }), RangeError);
	},
);

test(
	"azure: without the account's key there are no URLs to give, and a store without redirect gives none",
	opts,
	async () => {
		const address = await azurite.address();
		await using store = await openTestAzure(address);
		assert.equal(canPresign(store), false);
		const key = new StorageSharedKeyCredential(fieldOf(address, "AccountName"), fieldOf(address, "AccountKey"));
		const sas = generateAccountSASQueryParameters(
			{
				expiresOn: new Date(Date.now() + 3_600_000),
				permissions: AccountSASPermissions.parse("rwdlac"),
				resourceTypes: "sco",
				services: "b",
			},
			key,
		);
		const signed = `BlobEndpoint=${fieldOf(address, "BlobEndpoint")};SharedAccessSignature=${sas}`;
		await assertStoreError("UNAVAILABLE", () => openTestAzure(signed, { redirect: true }));
		await using bySas = await openTestAzure(signed, { prefix: "sas/" });
		await put(bySas, "large", noise(9 * MIB));
		assertBytes(await read(bySas, "large"), noise(9 * MIB));
		assert.deepEqual(await listKeys(bySas, ""), ["large"]);
	},
);

test("azure: every request with bytes carries their hash", opts, async () => {
	const address = await azurite.address();
	const endpoint = new URL(fieldOf(address, "BlobEndpoint"));
	await using proxy = new FaultyProxy(endpoint.origin);
	const past = await proxy.start();
	await using store = await openTestAzure(address.replace(endpoint.origin, past), { prefix: "hashed/" });
	const hashes: unknown[] = [];
	proxy.plan = ({ headers, url = "" }) => {
		if (Number(headers["content-length"]) > 1000 && !url.includes("comp=blocklist"))
			hashes.push(headers["content-md5"]);
		return undefined;
	};
	await put(store, "small", noise(5000));
	await put(store, "large", noise(9 * MIB));
	assert.equal(hashes.length, 1 + 3);
	assert.ok(hashes.every((hash) => typeof hash === "string" && hash.length === 24));
});

test("azure: what is staged and never gone on with is dropped when the blob is written anew", opts, async () => {
	const address = await azurite.address();
	await using store = await openTestAzure(address, { prefix: "again/" });
	for (const size of [0, 1000, 5 * MIB]) {
		const writer = await store.write(`key-${size}`, {}, never);
		await appendAll(writer, noise(6 * MIB));
		const state = throughJson(await writer.checkpoint(never));
		await writer[Symbol.asyncDispose]();
		await put(store, `key-${size}`, noise(size, 1));
		assertBytes(await read(store, `key-${size}`), noise(size, 1));
		await assertStoreError("NOT_FOUND", () => store.resume(`key-${size}`, state, {}, never));
	}
});
