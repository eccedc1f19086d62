import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import winston from "winston";
import { parseConfig } from "#/app/config/load.ts";
import { createMeters } from "#/app/metrics/meters.ts";
import { openNamedStores } from "#/app/named-stores.ts";
import { digestOf } from "#/oci/digest.ts";
import { idSource } from "#/registry/new-id.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { openRootNotes } from "#/storage/filesystem/root-notes.ts";
import { MigrationNotes } from "#/storage/migration-notes.ts";
import { eventually } from "../support/eventually.ts";
import { openRegistryHarness, openTestMetadata, pullBlob, pushBlob } from "../support/registry.ts";

test("a store whose volume is not mounted is missed by its projects alone, and used when the volume comes", async () => {
	await using stack = new AsyncDisposableStack();
	const dataDir = await mkdtemp(join(tmpdir(), "limani-named-"));
	stack.defer(() => rm(dataDir, { recursive: true }));
	// Below a file nothing can be made, as below the root of a pod.
	const mount = join(dataDir, "classes");
	await writeFile(mount, "");
	const stores = { default: { filesystem: {} }, other: { filesystem: { root: join(mount, "other", "store") } } };
	const config = parseConfig(JSON.stringify({ dataDir, stores }), "the test", {});
	const metadata = await openTestMetadata();
	const logger = winston.createLogger({ silent: true });
	const newId = idSource();
	const named = stack.use(await openNamedStores({ config, metadata, logger, meters: createMeters(), newId }));
	await using harness = await openRegistryHarness({ stores: named.stores, metadata });
	const instance = harness.instance();
	assert.equal((await pullBlob(instance, "p/r", await pushBlob(instance, "p/r", "served"))).toString(), "served");
	await assert.rejects(pushBlob(instance, "o/r", "not yet"), /other/);
	assert.deepEqual(
		named.away().map(({ name }) => name),
		["other"],
	);
	await rm(mount);
	await mkdir(join(mount, "other"), { recursive: true });
	await eventually(() => assert.deepEqual(named.away(), []));
	const digest = await pushBlob(instance, "o/r", "now");
	assert.equal(digest, digestOf(Buffer.from("now")));
	assert.equal((await pullBlob(instance, "o/r", digest)).toString(), "now");
	await harness.drain();
});

test("a target that cannot be had keeps nothing from serving before anything went there, and ends the start afterwards", async () => {
	await using stack = new AsyncDisposableStack();
	const dataDir = await mkdtemp(join(tmpdir(), "limani-named-"));
	stack.defer(() => rm(dataDir, { recursive: true }));
	// As a service answers that has no such bucket.
	const server = createServer((_, response) => void response.writeHead(404).end()).listen(0, "127.0.0.1");
	await once(server, "listening");
	stack.defer(() => void server.close());
	const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const metadata = await openTestMetadata();
	const logger = winston.createLogger({ silent: true });
	const newId = idSource();
	const open = (filesystem: object) => {
		const stores = { default: { filesystem } };
		const config = parseConfig(JSON.stringify({ dataDir, stores }), "the test", {});
		return openNamedStores({ config, metadata, logger, meters: createMeters(), newId });
	};
	const s3 = { bucket: "mispelt", endpoint, pathStyle: true, accessKeyId: "a", secretAccessKey: "b" };
	const former = await open({});
	await using harness = await openRegistryHarness({ stores: former.stores, metadata });
	const digest = await pushBlob(harness.instance(), "p/r", "in the files");
	await harness.drain();
	await former[Symbol.asyncDispose]();

	const both = stack.use(await open({ migrateTo: { s3 } }));
	const instance = harness.instance({ stores: both.stores });
	assert.equal((await pullBlob(instance, "p/r", digest)).toString(), "in the files");
	await assert.rejects(pushBlob(instance, "p/r", "not yet"), /store default/);
	const why = `store default: there is no bucket mispelt at ${endpoint}: make it, or correct its name`;
	assert.equal(both.migrations[0]?.trouble(), why);

	const notes = new MigrationNotes(
		openRootNotes({ fileSystem: nodeFileSystem, id: newId }, join(dataDir, "stores", "default")),
	);
	await notes.writePlan({ id: "m", registry: "r", store: "default", to: "a bucket" });
	await assert.rejects(open({ migrateTo: { s3 } }), /there is no bucket mispelt/);
});
