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

	it("reads trusted proxies, none by default, from the environment as well", () => {
		const given = ["10.0.0.0/8", "::ffff:192.0.2.7", "2001:DB8:0::1/32"];
		assert.deepEqual(load("").trustedProxies, []);
		assert.deepEqual(load(stringify({ trustedProxies: given })).trustedProxies, given);
		assert.deepEqual(load("", { LIMANI_TRUSTED_PROXIES: JSON.stringify(given) }).trustedProxies, given);
		assert.match(
			failure("trustedProxies: [10.0.0.0/33]"),
			/trustedProxies\.0: got "10\.0\.0\.0\/33": expected an address or a network, such as/,
		);
	});

	it("names each wrong key with its value and what was expected", () => {
		const message = failure("listen: 5080\nworkers: many\nfoo: 1\nlimits: {drain: soon}\nstores: {a: {}}");
		assert.match(message, /limani\.yaml/);
		assert.match(message, /listen: got 5080: expected string/);
		assert.match(message, /workers: got "many": expected number/);
		assert.match(message, /foo: no such key/);
		assert.equal(failure("listen: here").match(/listen: /g)?.length, 1);
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
		const addresses =
			"externalUrl: 'https://u:hunter2@h/'\nstores: {default: {s3: {bucket: b, endpoint: 'http://u:hunter2@s3.test/'}}}";
		assert.match(stringify(maskSecrets(load(addresses))), /endpoint: http:\/\/\*\*\*@s3\.test\//);
		assert.ok(!stringify(maskSecrets(load(addresses))).includes("hunter2"));
		assert.ok(!failure("stores: {default: {azure: {container: c, accountKey: [hunter2]}}}").includes("hunter2"));
		assert.ok(!failure("stores: {default: {s3: {bucket: b, secretAccessKey: hunter2}}}").includes("hunter2"));
	});

	it("shows of a part that is wrong as a whole its keys alone", () => {
		const texts = [
			"resources: {users: [{name: bob, password: hunter2, passwordFile: /x}]}",
			"resources: {users: [{name: bob, passwort: hunter2}]}",
			"resources: {robots: [{name: ci, secret: hunter2hunter2hunter2, secretFile: /x}]}",
			"resources: {users: {bob: hunter2}}",
			"resources: {users: [{name: [hunter2], password: a}]}",
			"database: {sqlite: {}, postgres: {url: 'postgres://u:hunter2@h/d'}}",
			"database: {postgres: 'postgres://u:hunter2@h/d'}",
			"database: {sqlite: {migrateTo: {postgres: 'postgres://u:hunter2@h/d'}}}",
			"database: {sqlite: {migrateTo: {postgres: {url: 'postgres://u:hunter2@h/d'}}}, postgres: {url: 'postgres://u:hunter2@h/d'}}",
			"stores: {a: {s3: {bucket: b, accessKeyId: k, secretAccessKey: hunter2}, memory: {}}}",
		];
		for (const text of texts) {
			const message = failure(text);
			assert.match(message, /is not valid/);
			assert.ok(!message.includes("hunter2"), message);
		}
		assert.match(failure(texts[0] ?? ""), /users\.0: got \{name, password, passwordFile\}: expected exactly one of/);
	});

	it("says where it is not YAML without repeating what stands there", () => {
		const texts = [
			'password: "hunter2',
			"password: *hunter2",
			"password: [hunter2",
			"password: 'a' hunter2",
			"a: !hunter2 b",
		];
		for (const text of texts) assert.ok(!failure(text).includes("hunter2"), failure(text));
		assert.match(failure('listen: x\npassword: "hunter2'), /is not YAML: missing char at line 2, column 19/);
		const variable = { LIMANI_RESOURCES_USERS: '[{name: bob, password: "hunter2}]' };
		assert.throws(
			() => load("", variable),
			(error: Error) => error.message.startsWith("LIMANI_RESOURCES_USERS: ") && !error.message.includes("hunter2"),
		);
	});

	it("can be printed and read again", () => {
		const config = load("limits: {drain: 10s}\nresources: {projects: [{name: library, visibility: Public}]}");
		assert.deepEqual(load(stringify(maskSecrets(config))), config);
	});
});
