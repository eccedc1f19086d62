import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { registerHooks } from "node:module";
import { test } from "node:test";
import { assertBytes, MIB, noise, put, read } from "../../conformance/blob-store/bench.ts";

const loaded: string[] = [];
registerHooks({
	load(url, context, next) {
		loaded.push(url);
		return next(url, context);
	},
});

test("a gcs store of the configuration is opened, and what it needs is loaded only then", async (t) => {
	const { parseConfig } = await import("#/app/config/load.ts");
	const { createStoreOpener } = await import("#/app/stores.ts");
	assert.ok(loaded.some((url) => url.endsWith("/stores.ts")));
	assert.ok(!loaded.some((url) => url.includes("@google-cloud/")));

	// Loads the SDK itself.
	const { gcsBucket: bucket, privateGcs } = await import("../../support/gcs.ts");
	const server = privateGcs();
	if (server.skip) return t.skip(server.skip);
	const gcs = { bucket, prefix: "configured/", apiEndpoint: await server.address() };
	const config = parseConfig(JSON.stringify({ stores: { default: { gcs } } }), "limani.yaml", {});
	await using opener = createStoreOpener(config, randomUUID);
	const settings = config.stores.default;
	assert.ok(settings !== undefined);
	await using store = await opener.open("default", settings, true);
	await put(store, "ab/c", noise(9 * MIB));
	assertBytes(await read(store, "ab/c"), noise(9 * MIB));
	assert.equal(store.driver, "gcs");
});
