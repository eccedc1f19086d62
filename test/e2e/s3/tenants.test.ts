// Two tenants of one registry, each with a bucket and keys of its own, on a real server.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { digestOf } from "#/oci/digest.ts";
import { CuttingProxy } from "../../support/cutting-proxy.ts";
import { eventually } from "../../support/eventually.ts";
import {
	ADMIN_AUTHORIZATION,
	type LimaniProcess,
	spawnLimani,
	startLimani,
	writeConfig,
} from "../../support/limani-process.ts";
import { privateS3, s3Keys } from "../../support/s3.ts";
import { temporaryKeys } from "../../support/s3-temporary-keys.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const minio = privateS3("minio");
const TIMEOUT = 300_000;

/** Makes a bucket and gives keys that open it alone. */
const openBucket = async (endpoint: string, bucket: string) => {
	const client = clientOf(endpoint, s3Keys);
	await client.send(new CreateBucketCommand({ Bucket: bucket }));
	return await temporaryKeys(endpoint, bucket);
};

const clientOf = (endpoint: string, credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }) =>
	new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true, credentials: { ...credentials } });

const keysIn = async (endpoint: string, bucket: string): Promise<readonly string[]> => {
	const { Contents = [] } = await clientOf(endpoint, s3Keys).send(new ListObjectsV2Command({ Bucket: bucket }));
	return Contents.flatMap(({ Key }) => (Key === undefined ? [] : [Key]));
};

/** The keys of blobs alone: not the journal, and not the owner. */
const blobsIn = async (endpoint: string, bucket: string): Promise<readonly string[]> =>
	(await keysIn(endpoint, bucket)).filter((key) => /^[0-9a-f]{2}\//.test(key));

const call = (limani: LimaniProcess, path: string, init: RequestInit = {}): Promise<Response> =>
	fetch(new URL(path, limani.url), { ...init, headers: { authorization: ADMIN_AUTHORIZATION } });

const push = async (limani: LimaniProcess, repository: string, content: string): Promise<Response> =>
	call(limani, `/v2/${repository}/blobs/uploads/?digest=${digestOf(Buffer.from(content))}`, {
		method: "POST",
		body: content,
	});

const pull = (limani: LimaniProcess, repository: string, content: string): Promise<Response> =>
	call(limani, `/v2/${repository}/blobs/${digestOf(Buffer.from(content))}`);

/** The stores of two tenants in buckets that nobody used yet. */
const openTenants = async (t: TestContext, names: readonly [string, string]) => {
	const endpoint = await minio.endpoint();
	const proxies = new Map<string, CuttingProxy>();
	const stores: { [name: string]: unknown } = { default: { filesystem: {} } };
	for (const bucket of names) {
		const proxy = await CuttingProxy.open(Number(new URL(endpoint).port));
		t.after(() => proxy[Symbol.asyncDispose]().catch(() => undefined));
		proxies.set(bucket, proxy);
		stores[bucket] = { s3: { bucket, endpoint: proxy.url, pathStyle: true, ...(await openBucket(endpoint, bucket)) } };
	}
	const projects = [{ name: "library" }, ...names.map((name) => ({ name, store: name }))];
	return { endpoint, proxies, stores, projects };
};

const resourcesWith = (projects: readonly object[]) => ({
	projects,
	users: [{ name: "admin", password: "correct-horse-battery", admin: true }],
});

test("each tenant's bytes lie in its own bucket, deduplicated there alone", {
	skip: minio.skip,
	timeout: TIMEOUT,
}, async (t) => {
	const { endpoint, stores, projects } = await openTenants(t, ["tenant-a", "tenant-b"]);
	await using limani = await startLimani({ config: { stores, resources: resourcesWith(projects) } });
	for (const repository of ["tenant-a/x", "tenant-a/y", "tenant-b/x"]) {
		assert.equal((await push(limani, repository, "what both tenants have")).status, 201, repository);
		assert.equal(await (await pull(limani, repository, "what both tenants have")).text(), "what both tenants have");
	}
	assert.equal((await push(limani, "tenant-b/x", "of b alone")).status, 201);
	await eventually(async () => assert.equal((await blobsIn(endpoint, "tenant-a")).length, 1));
	assert.equal((await blobsIn(endpoint, "tenant-b")).length, 2);

	// From one store to the other nothing is linked: the client is asked for the bytes.
	const mount = `mount=${digestOf(Buffer.from("of b alone"))}&from=tenant-b/x`;
	const answer = await call(limani, `/v2/tenant-a/z/blobs/uploads/?${mount}`, { method: "POST" });
	assert.equal(answer.status, 202);
	assert.equal((await pull(limani, "tenant-a/z", "of b alone")).status, 404);
	assert.equal((await blobsIn(endpoint, "tenant-a")).length, 1);
	for (const bucket of ["tenant-a", "tenant-b"]) assert.ok((await keysIn(endpoint, bucket)).includes("limani-owner"));
});

test("a bucket that does not answer hurts its own projects alone, and says which it is", {
	skip: minio.skip,
	timeout: TIMEOUT,
}, async (t) => {
	const { proxies, stores, projects } = await openTenants(t, ["tenant-c", "tenant-d"]);
	const broken = { s3: { bucket: "no-such-bucket", endpoint: await minio.endpoint(), pathStyle: true, ...s3Keys } };
	await using limani = await startLimani({
		config: {
			stores: { ...stores, broken },
			resources: resourcesWith([...projects, { name: "broken", store: "broken" }]),
		},
	});
	assert.equal((await push(limani, "tenant-c/x", "of c")).status, 201);
	assert.equal((await push(limani, "tenant-d/x", "of d, too long to be kept in memory".repeat(10_000))).status, 201);
	await proxies.get("tenant-d")?.[Symbol.asyncDispose]();

	const refused = await push(limani, "tenant-d/x", "more of d");
	assert.equal(refused.status, 503);
	assert.match(await refused.text(), /the blob store tenant-d is unavailable/);
	const never = await push(limani, "broken/x", "anything");
	assert.equal(never.status, 503);
	assert.match(await never.text(), /the blob store broken is unavailable/);
	assert.equal((await push(limani, "tenant-c/x", "more of c")).status, 201);
	assert.equal(await (await pull(limani, "tenant-c/x", "of c")).text(), "of c");
	assert.equal((await push(limani, "library/x", "of the default store")).status, 201);

	const ready = await fetch(`${limani.url}/readyz`);
	assert.equal(ready.status, 200);
	const said = await ready.text();
	assert.match(said, /^ok\n/);
	assert.match(said, /the blob store tenant-d does not answer/);
	assert.match(said, /the blob store broken does not answer/);
	assert.doesNotMatch(said, /tenant-c|default/);
});

test("a second registry, or a second store, in the same bucket and prefix is refused by name", {
	skip: minio.skip,
	timeout: TIMEOUT,
}, async (t) => {
	const endpoint = await minio.endpoint();
	const keys = await openBucket(endpoint, "tenant-e");
	const s3 = { bucket: "tenant-e", prefix: "first/", endpoint, pathStyle: true, ...keys };
	const directory = temporaryDirectory(t);
	await using first = await startLimani({ dataDir: directory, config: { stores: { default: { s3 }, twin: { s3 } } } });
	await eventually(async () => assert.match(await (await fetch(`${first.url}/readyz`)).text(), /blob store twin/));
	assert.match(first.output(), /the store default of this registry already/);

	await using second = await spawnLimani({ config: { stores: { default: { s3 } } } });
	await assert.rejects(second.ready(), /belongs to another registry/);

	// Another prefix is another place.
	await using third = await startLimani({ config: { stores: { default: { s3: { ...s3, prefix: "third/" } } } } });
	assert.equal((await push(third, "team/x", "bytes")).status, 201);

	// A registry whose database was lost is the same one once it is rebuilt.
	assert.equal((await push(first, "team/x", "kept")).status, 201);
	await first.stop();
	const masterKeyFile = join(directory, "master.key");
	const config = { stores: { default: { s3 } }, auth: { masterKeyFile } };
	const again = temporaryDirectory(t);
	const file = writeConfig({ dataDir: again, config });
	await promisify(execFile)(process.execPath, ["src/main.ts", "rebuild", "--config", file]);
	await using rebuilt = await startLimani({ dataDir: again, config });
	assert.equal(await (await pull(rebuilt, "team/x", "kept")).text(), "kept");
});
