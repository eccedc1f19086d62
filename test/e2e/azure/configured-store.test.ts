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

test("an azure store of the configuration is opened, and what it needs is loaded only then", async (t) => {
	const { parseConfig } = await import("#/app/config/load.ts");
	const { createStoreOpener } = await import("#/app/stores.ts");
	assert.ok(loaded.some((url) => url.endsWith("/stores.ts")));
	assert.ok(!loaded.some((url) => url.includes("@azure/")));

	// Loads the SDK itself.
	const { azureContainer: container, fieldOf, privateAzurite } = await import("../../support/azure.ts");
	const azurite = privateAzurite();
	if (azurite.skip) return t.skip(azurite.skip);
	const connectionString = await azurite.address();
	const [accountName, accountKey, endpoint] = ["AccountName", "AccountKey", "BlobEndpoint"].map((name) =>
		fieldOf(connectionString, name),
	);
	const parse = (azure: object): ReturnType<typeof parseConfig> =>
		parseConfig(JSON.stringify({ stores: { default: { azure: { container, ...azure } } } }), "limani.yaml", {});
	for (const account of [{ connectionString }, { accountName, accountKey, endpoint }]) {
		const config = parse({ ...account, prefix: "configured/", redirect: true });
		await using opener = createStoreOpener(config, randomUUID);
		const settings = config.stores.default;
		assert.ok(settings !== undefined);
		await using store = await opener.open("default", settings, true);
		const key = `ab/${Object.keys(account).length}`;
		await put(store, key, noise(9 * MIB));
		assertBytes(await read(store, key), noise(9 * MIB));
		assert.equal(store.driver, "azure");
	}
	const expected = /expected either connectionString, or accountName and accountKey/;
	for (const account of [
		{},
		{ accountName },
		{ accountKey },
		{ connectionString, accountKey },
		{ connectionString, endpoint },
	]) {
		assert.throws(
			() => parse(account),
			(error) => error instanceof Error && expected.test(error.message) && !error.message.includes(accountKey ?? "?"),
		);
	}
});
