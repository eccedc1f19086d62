import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../../support/eventually.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { BehindTheBack, bytesInBucket, privateS3, s3Bucket, s3Keys } from "../../support/s3.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

const minio = privateS3("minio");
const postgres = privatePostgres();
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

test("what a Registry keeps goes elsewhere by its spec, which then names the other places", async (t) => {
	await using standalone = await startStandalone();
	// At its start it applies the manifests again, which name files: so what starts it again comes first.
	await t.test("its database goes to PostgreSQL", (each) => databaseGoes(standalone, each));
	await t.test("its files go to a bucket", { skip: minio.skip }, () => filesGo(standalone));
});

const patching =
	({ kubectl }: StandaloneProcess) =>
	(spec: object): Promise<string> =>
		kubectl("patch", "registry", "default", "--type=merge", "-p", JSON.stringify({ spec }));

const filesGo = async (standalone: StandaloneProcess): Promise<void> => {
	const endpoint = await minio.endpoint();
	const origin = `http://${standalone.address}`;
	const { kubectl } = standalone;
	const patch = patching(standalone);
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
};

const standingOf = ({ kubectl }: StandaloneProcess, type: string): Promise<string> => {
	const condition = `{.status.conditions[?(@.type=='${type}')]`;
	return kubectl("get", "registry", "default", "-o", `jsonpath=${condition}.status} ${condition}.reason}`);
};

const databaseGoes = async (standalone: StandaloneProcess, t: TestContext): Promise<void> => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const origin = `http://${standalone.address}`;
	const { kubectl } = standalone;
	const patch = patching(standalone);
	const old = await push(origin, "known to SQLite");
	await kubectl("create", "secret", "generic", "database", `--from-literal=url=${url}`);
	const target = { postgres: { urlSecretRef: { name: "database", key: "url" } } };
	const other = { postgres: { urlSecretRef: { name: "database", key: "other" } } };
	const moved = (database: object) => patch({ database: { embedded: null, ...database }, migration: null });
	await assert.rejects(() => moved(target), /the kind of database cannot be changed, but to the one/);
	await postgres.crash();
	await patch({ migration: { database: target } });
	await eventually(async () => {
		assert.equal(await standingOf(standalone, "DatabaseMigrated"), "False MigrationHeldUp");
		assert.equal(await standingOf(standalone, "Ready"), "True Succeeded");
	});
	const meanwhile = await push(origin, "known to SQLite while PostgreSQL was away");
	await assert.rejects(() => moved(target), /the kind of database cannot be changed, but to the one/);
	await postgres.start();
	await kubectl("wait", "--for=condition=DatabaseMigrated", "registry/default", "--timeout=120s");
	const shown = "jsonpath={.status.migration.database.stage} {.status.migration.database.rows}";
	const [stage, rows] = (await kubectl("get", "registry", "default", "-o", shown)).split(" ");
	assert.equal(stage, "Completed");
	assert.ok(Number(rows) > 0);
	const fresh = await push(origin, "known to PostgreSQL");
	await standalone.stop("SIGKILL");
	await standalone.start();
	await pull(origin, fresh);
	await eventually(async () => {
		assert.equal(await kubectl("get", "registry", "default", "-o", shown), `Completed ${rows}`);
		assert.equal(await standingOf(standalone, "Ready"), "True Succeeded");
	});
	await assert.rejects(() => patch({ migration: null }), /a migration of the database that has begun cannot be taken/);
	await assert.rejects(() => patch({ migration: { database: other } }), /urlSecretRef cannot be changed/);
	await assert.rejects(() => moved(other), /the kind of database cannot be changed, but to the one/);
	await moved(target);
	await eventually(async () => {
		const told = "jsonpath={.status.migration}|{.status.observedGeneration}";
		const generation = await kubectl("get", "registry", "default", "-o", "jsonpath={.metadata.generation}");
		assert.equal(await kubectl("get", "registry", "default", "-o", told), `|${generation}`);
		assert.equal(await standingOf(standalone, "Ready"), "True Succeeded");
	});
	for (const digest of [old, meanwhile, fresh]) await pull(origin, digest);
	const known = async (): Promise<number> => (await query(url, "SELECT count(*)::int AS n FROM blobs")).rows[0]?.n;
	const before = await known();
	await push(origin, "known to PostgreSQL alone");
	assert.equal(await known(), before + 1);
};
