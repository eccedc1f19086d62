import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "#/app/config/load.ts";
import { describeObjectStore } from "#/app/describe-store.ts";

const SECRET = "c2VjcmV0";

const describe = (azure: object): string => {
	const stores = { default: { azure: { container: "blobs", ...azure } } };
	const { default: settings = {} } = parseConfig(JSON.stringify({ dataDir: "/d", stores }), "the test", {}).stores;
	return describeObjectStore(settings);
};

test("two Azure accounts are two places, however they are named, and no secret is told", () => {
	const byString = (text: string) => describe({ connectionString: `${text};AccountKey=${SECRET}` });
	const one = "Azure container blobs of account one";
	assert.equal(describe({ accountName: "one", accountKey: SECRET }), one);
	assert.equal(byString("DefaultEndpointsProtocol=https;AccountName=one"), one);
	assert.notEqual(byString("AccountName=two"), one);
	assert.equal(
		byString("BlobEndpoint=https://one.test/?sig=x;accountname=one"),
		"Azure container blobs of account one, at https://one.test/",
	);
});
