import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { parseRegistry, type RegistrySpec } from "#/api/kinds/registry.ts";
import { parseConfig } from "#/app/config/load.ts";
import { missingSecrets, secretReferences } from "#/operator/registry/secret-references.ts";
import { settingsOf } from "#/operator/registry/settings.ts";

const specOf = (spec: object): RegistrySpec => {
	const metadata = { name: "r", namespace: "n", uid: "u", generation: 1 };
	const parsed = parseRegistry({ metadata, spec });
	if ("invalid" in parsed) throw new Error(parsed.invalid);
	return parsed.resource.spec;
};

const PLACES = {
	listen: "127.0.0.1:5080",
	externalUrl: undefined,
	dataDir: "/data",
	fileOf: ({ secret, key }: { readonly secret: string; readonly key: string }) => `/secrets/${secret}/${key}`,
};

const SPECS: { readonly [name: string]: object } = {
	"the default": {},
	"files and SQLite with users": {
		auth: { users: [{ name: "me", passwordSecretRef: { name: "me", key: "password" } }], tokenLifetime: "1h30m" },
		exposure: { externalUrl: "https://registry.test", tls: { secretName: "cert" } },
	},
	"S3 and PostgreSQL": {
		storage: {
			s3: {
				bucket: "b",
				endpoint: "http://127.0.0.1:9000",
				pathStyle: true,
				credentialsSecretRef: { name: "keys" },
				caSecretRef: { name: "ca" },
			},
		},
		database: { postgres: { urlSecretRef: { name: "db", key: "url" }, caSecretRef: { name: "db", key: "ca.crt" } } },
	},
	GCS: { storage: { gcs: { bucket: "b", credentialsSecretRef: { name: "gcs", key: "key.json" } } } },
	"Azure by account": {
		storage: { azure: { container: "c", accountName: "a", accountKeySecretRef: { name: "az", key: "key" } } },
	},
	"Azure by connection string": {
		storage: { azure: { container: "c", connectionStringSecretRef: { name: "az", key: "connection" } } },
	},
};

for (const [name, raw] of Object.entries(SPECS)) {
	test(`a Registry becomes a configuration that the data plane understands: ${name}`, () => {
		const spec = specOf(raw);
		const { document, environment, files } = settingsOf(spec, PLACES);
		const variables = Object.fromEntries(
			environment.map(({ variable }) => [variable, variable.endsWith("_URL") ? "postgres://u:p@h/d" : "c2VjcmV0"]),
		);
		const config = parseConfig(stringify(document), "test", variables);
		assert.equal(config.listen, PLACES.listen);
		assert.deepEqual(Object.keys(config.stores.default ?? {}), Object.keys(spec.storage));
		assert.equal(config.database.postgres === undefined, spec.database.postgres === undefined);
		assert.equal(config.auth.tokenLifetime, name.includes("users") ? 5_400_000 : 300_000);
		// Everything that the data plane is given is something that was looked for before.
		const referred = secretReferences(spec).map(({ secret, key }) => `${secret}/${key}`);
		for (const { secret, key } of [...files, ...environment.map(({ from }) => from)]) {
			assert.ok(referred.includes(`${secret}/${key}`), `${secret}/${key}`);
		}
		assert.equal(stringify(document).includes("c2VjcmV0"), false);
	});
}

test("what is missing of the Secrets is told by field", () => {
	const spec = specOf(SPECS["S3 and PostgreSQL"] ?? {});
	const text = (value: string) => Buffer.from(value);
	assert.deepEqual(missingSecrets(spec, new Map([["db", { url: text("postgres://"), "ca.crt": text("") }]])), [
		"spec.storage.s3.credentialsSecretRef: there is no Secret keys in this namespace",
		"spec.storage.s3.caSecretRef: there is no Secret ca in this namespace",
		"spec.database.postgres.caSecretRef: the Secret db has no entry ca.crt, or an empty one",
	]);
	const whole = new Map([
		["keys", { accessKeyId: text("a"), secretAccessKey: text("b") }],
		["ca", { "ca.crt": text("c") }],
		["db", { url: text("postgres://"), "ca.crt": text("d") }],
	]);
	assert.deepEqual(missingSecrets(spec, whole), []);
});

test("a password whose line is empty is missing, as nobody is to log in without one", () => {
	const users = [{ name: "ann", passwordSecretRef: { name: "passwords", key: "ann" } }];
	const spec = specOf({ auth: { users } });
	const told = (ann: string) => missingSecrets(spec, new Map([["passwords", { ann: Buffer.from(ann) }]]));
	const field = "spec.auth.users[ann].passwordSecretRef";
	const empty = `${field}: the first line of entry ann of the Secret passwords, which is the password, is empty`;
	assert.deepEqual(told(""), [`${field}: the Secret passwords has no entry ann, or an empty one`]);
	for (const text of ["\n", "\r\n", "\nword"]) assert.deepEqual(told(text), [empty]);
	assert.deepEqual(told("word\n"), []);
});
