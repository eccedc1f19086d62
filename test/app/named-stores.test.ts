import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import winston from "winston";
import { parseConfig } from "#/app/config/load.ts";
import { createMeters } from "#/app/metrics/meters.ts";
import { openNamedStores } from "#/app/named-stores.ts";
import { digestOf } from "#/oci/digest.ts";
import { idSource } from "#/registry/new-id.ts";
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
