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
const isSdkLoaded = (): boolean => loaded.some((url) => url.includes("@aws-sdk/client-s3"));

test("a store of the configuration is opened, and what it needs is loaded only then", async (t) => {
	const { parseConfig } = await import("#/app/config/load.ts");
	const { createStoreOpener } = await import("#/app/stores.ts");
	const { canPresign } = await import("#/storage/blob-store.ts");
	assert.ok(loaded.some((url) => url.endsWith("/stores.ts")));
	assert.equal(isSdkLoaded(), false);

	// Loads the SDK itself.
	const { privateS3, s3Bucket, s3Keys } = await import("../../support/s3.ts");
	const minio = privateS3("minio");
	if (minio.skip) return t.skip(minio.skip);
	const document = (changes: object): string => {
		const s3 = { bucket: s3Bucket, endpoint, pathStyle: true, ...s3Keys, ...changes };
		return JSON.stringify({ stores: { default: { s3 } } });
	};
	const endpoint = await minio.endpoint();
	for (const redirect of [false, true]) {
		const config = parseConfig(document({ prefix: "configured/", redirect }), "limani.yaml", {});
		await using opener = createStoreOpener(config, randomUUID);
		const settings = config.stores.default;
		assert.ok(settings !== undefined);
		await using store = await opener.open("default", settings, true);
		const bytes = noise(17 * MIB);
		await put(store, `ab/${redirect}`, bytes);
		assertBytes(await read(store, `ab/${redirect}`), bytes);
		assert.equal(store.driver, "s3");
		assert.equal(canPresign(store), redirect);
	}
	assert.throws(() => parseConfig(document({ secretAccessKey: undefined }), "limani.yaml", {}), /together, or neither/);
});
