import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stringify } from "yaml";
import { ConfigError, parseConfig } from "#/app/config/load.ts";
import { MASK, maskSecrets } from "#/app/config/secrets.ts";

const load = (text: string, environment = {}): ReturnType<typeof parseConfig> =>
	parseConfig(text, "limani.yaml", environment);

const failure = (text: string): string => {
	try {
		load(text);
	} catch (error) {
		if (error instanceof ConfigError) return error.message;
		throw error;
	}
	return "no error";
};

describe("the configuration", () => {
	it("is whole when the document is empty", () => {
		const config = load("");
		assert.equal(config.listen, "127.0.0.1:5080");
		assert.deepEqual(config.stores.default, { filesystem: {} });
		assert.equal(config.auth.tokenLifetime, 300_000);
	});

	it("reads durations in words", () => assert.equal(load("limits: {drain: 1h30m}").limits.drain, 5_400_000));

	it("lets the environment win over the file, by names made of the keys", () => {
		const config = load("listen: 127.0.0.1:1\nstores: {tenant-b: {s3: {bucket: file}}}", {
			LIMANI_LISTEN: "127.0.0.1:2",
			LIMANI_WORKERS: "3",
			LIMANI_LOG_REQUESTS: "false",
			LIMANI_DATABASE_POSTGRES_URL: "postgres://u:p@h/d",
			LIMANI_STORES_TENANT_B_S3_BUCKET: "environment",
			LIMANI_STORES_DEFAULT_FILESYSTEM_ROOT: "/data",
		});
		assert.equal(config.listen, "127.0.0.1:2");
		assert.equal(config.workers, 3);
		assert.equal(config.log.requests, false);
		assert.equal(config.database.postgres?.url, "postgres://u:p@h/d");
		assert.equal(config.stores["tenant-b"]?.s3?.bucket, "environment");
		assert.deepEqual(config.stores.default, { filesystem: { root: "/data" } });
	});

	it("names each wrong key with its value and what was expected", () => {
		const message = failure("listen: 5080\nworkers: many\nfoo: 1\nlimits: {drain: soon}\nstores: {a: {}}");
		assert.match(message, /limani\.yaml/);
		assert.match(message, /listen: got 5080: expected string/);
		assert.match(message, /workers: got "many": expected number/);
		assert.match(message, /foo: no such key/);
		assert.match(message, /limits\.drain: got "soon": expected a duration such as/);
		assert.match(message, /stores\.a: got \{\}: expected exactly one of filesystem, s3/);
	});

	it("says so when the document is not YAML, or is no document", () => {
		assert.match(failure("listen: [1"), /is not YAML/);
		assert.match(failure("- 1"), /expected keys and values/);
	});

	it("never shows a secret, neither in print nor in an error", () => {
		const text =
			"database: {postgres: {url: 'postgres://u:hunter2@h/d'}}\nstores: {default: {s3: {bucket: b, accessKeyId: a, secretAccessKey: hunter2}}}";
		const printed = stringify(maskSecrets(load(text)));
		assert.ok(!printed.includes("hunter2"));
		assert.ok(printed.includes(MASK));
		assert.ok(!failure("stores: {default: {azure: {container: c, accountKey: [hunter2]}}}").includes("hunter2"));
		assert.ok(!failure("stores: {default: {s3: {bucket: b, secretAccessKey: hunter2}}}").includes("hunter2"));
	});

	it("can be printed and read again", () => {
		const config = load("limits: {drain: 10s}\nresources: {projects: [{name: library, visibility: Public}]}");
		assert.deepEqual(load(stringify(maskSecrets(config))), config);
	});
});
