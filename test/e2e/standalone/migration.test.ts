import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../../support/eventually.ts";
import { BehindTheBack, bytesInBucket, privateS3, s3Bucket, s3Keys } from "../../support/s3.ts";
import { startStandalone } from "../../support/standalone-process.ts";

const minio = privateS3("minio");
const headers = { authorization: `Basic ${Buffer.from("me:try-limani").toString("base64")}` };

const push = async (origin: string, content: string): Promise<string> => {
	const bytes = Buffer.from(content);
	const path = `/v2/demo/r/blobs/uploads/?digest=${digestOf(bytes)}`;
	const response = await fetch(`${origin}${path}`, { method: "POST", headers, body: bytes });
	assert.equal(response.status, 201, await response.text());
	return digestOf(bytes);
};

const pull = async (origin: string, digest: string): Promise<void> => {
	const response = await fetch(`${origin}/v2/demo/r/blobs/${digest}`, { headers });
	assert.equal(response.status, 200);
	assert.equal(digestOf(Buffer.from(await response.arrayBuffer())), digest);
};

test("a Registry's files go to a bucket, which then takes their place in its spec", {
	skip: minio.skip,
}, async () => {
	const endpoint = await minio.endpoint();
	await using standalone = await startStandalone();
	const origin = `http://${standalone.address}`;
	const { kubectl } = standalone;
	const patch = (spec: object): Promise<string> =>
		kubectl("patch", "registry", "default", "--type=merge", "-p", JSON.stringify({ spec }));
	const old = await push(origin, "pushed to the files");
	await kubectl(
		"create",
		"secret",
		"generic",
		"bucket",
		...Object.entries(s3Keys).map(([key, value]) => `--from-literal=${key}=${value}`),
	);
	const at = { bucket: s3Bucket, endpoint, pathStyle: true, credentialsSecretRef: { name: "bucket" } };
	const s3 = { ...at, prefix: "default/" };
	await patch({ migration: { storage: { s3 } } });
	await assert.rejects(
		() => patch({ migration: { storage: { s3: { prefix: "other/" } } } }),
		/prefix cannot be changed/,
	);
	await kubectl(
		"wait",
		"--for=jsonpath={.status.migration.storage.stage}=Completed",
		"registry/default",
		"--timeout=120s",
	);
	await kubectl("wait", "--for=condition=StorageMigrated", "registry/default", "--timeout=60s");
	const fresh = await push(origin, "pushed to both");
	await assert.rejects(() => patch({ migration: null }), /a migration that has begun cannot be taken away/);
	const moved = (changes: object) =>
		patch({ storage: { filesystem: null, s3: { ...s3, ...changes } }, migration: null });
	await assert.rejects(() => moved({ prefix: "other/" }), /storage cannot be of another kind, but for the place/);
	await moved({});
	await eventually(async () => {
		const told = "jsonpath={.status.migration}|{.status.conditions[?(@.type=='Ready')].status}";
		assert.equal(await kubectl("get", "registry", "default", "-o", told), "|True");
	});
	for (const digest of [old, fresh]) await pull(origin, digest);
	const before = await bytesInBucket(new BehindTheBack(endpoint).client, "default/");
	await push(origin, "pushed to the bucket");
	await eventually(async () => {
		assert.ok((await bytesInBucket(new BehindTheBack(endpoint).client, "default/")) >= before + 20);
	});
});
