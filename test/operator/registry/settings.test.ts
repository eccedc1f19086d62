import assert from "node:assert/strict";
import { test } from "node:test";
import { stringify } from "yaml";
import { parseRegistry, type RegistrySpec } from "#/api/kinds/registry.ts";
import { parseConfig } from "#/app/config/load.ts";
import { missingSecrets, type Referring, secretReferences } from "#/operator/registry/secret-references.ts";
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
	archive: "/archive",
	archiveOf: (claim: string) => `/claims/${claim}`,
	classStore: (name: string) => ({ root: `/classes/${name}` }),
	cluster: { apiServer: "https://api.test", caFile: "/ca.crt", tokenFile: "/token" },
	fileOf: ({ secret, key }: { readonly secret: string; readonly key: string }) => `/secrets/${secret}/${key}`,
};

const SPECS: { readonly [name: string]: object } = {
	"the default": {},
	"issuers of tokens": {
		auth: {
			serviceAccountTokens: { audiences: ["registry.example.org"] },
			issuers: [
				{ url: "https://ci.example.org", caSecretRef: { name: "ci" } },
				{ url: "https://offline.example.org", jwks: '{"keys": []}' },
			],
		},
	},
	"files and SQLite with users": {
		auth: { users: [{ name: "me", passwordSecretRef: { name: "me", key: "password" } }], tokenLifetime: "1h30m" },
		exposure: { externalUrl: "https://registry.test", tls: { secretName: "cert" } },
	},
	"policies that reach this machine": { egress: { allow: ["127.0.0.0/8", "::1"] } },
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
	"files on the way to S3": {
		migration: {
			storage: {
				s3: { bucket: "b", credentialsSecretRef: { name: "keys" }, caSecretRef: { name: "ca" } },
			},
		},
	},
	"files on the way to GCS": {
		migration: { storage: { gcs: { bucket: "b", credentialsSecretRef: { name: "gcs", key: "key.json" } } } },
	},
	"files on the way to Azure": {
		migration: {
			storage: { azure: { container: "c", accountName: "a", accountKeySecretRef: { name: "az", key: "key" } } },
		},
	},
	"SQLite on the way to PostgreSQL": {
		migration: {
			database: {
				postgres: { urlSecretRef: { name: "db", key: "url" }, caSecretRef: { name: "db", key: "ca.crt" } },
			},
		},
	},
	"storage classes": {
		storageClasses: [
			{ name: "tenant-a", s3: { bucket: "a", credentialsSecretRef: { name: "a" } } },
			{ name: "tenant-b", s3: { bucket: "b", credentialsSecretRef: { name: "b" } } },
			{ name: "c", azure: { container: "c", accountName: "c", accountKeySecretRef: { name: "c", key: "key" } } },
			{ name: "v", filesystem: {} },
			{ name: "g", gcs: { bucket: "g", credentialsSecretRef: { name: "g", key: "key.json" } } },
		],
	},
};

const key = { name: "seal", key: "archive.key" };
const keyed = { credentialsSecretRef: { name: "keys" }, caSecretRef: { name: "ca" } };

/** Archives, by what they are. */
const ARCHIVES: { readonly [name: string]: object } = {
	"a bucket of S3": { s3: { bucket: "backups", ...keyed } },
	"a bucket of GCS": { gcs: { bucket: "backups", credentialsSecretRef: { name: "gcs", key: "key.json" } } },
	"a container of Azure": { azure: { container: "backups", accountName: "a", accountKeySecretRef: key } },
	"a container by connection string": { azure: { container: "backups", connectionStringSecretRef: key } },
};

for (const [name, archive] of Object.entries({ ...ARCHIVES, "a volume": { filesystem: {} } })) {
	test(`Backups of a Registry go into ${name}, as the data plane understands`, () => {
		const spec = specOf({ backup: { archive, encryptionKeySecretRef: key, recoveryWindow: "7d", verifyPercent: 0 } });
		const { backup } = configOf({ spec });
		assert.deepEqual(Object.keys(backup?.archive ?? {}), Object.keys(archive));
		assert.equal(backup?.keyFile, "/secrets/seal/archive.key");
		assert.equal(backup?.window, 7 * 86_400_000);
		assert.equal(backup?.journalInterval, 30_000);
		assert.equal(backup?.verifyPercent, 0);
		if (backup?.archive.filesystem !== undefined) assert.equal(backup.archive.filesystem.root, "/archive");
		if (backup?.archive.s3 !== undefined) assert.equal(backup.archive.s3.accessKeyId, "c2VjcmV0");
	});
}

for (const [name, archive] of Object.entries({
	...ARCHIVES,
	"a volume": { filesystem: { claimName: "old-backup" } },
})) {
	test(`A Registry begins with what is in ${name}, as the data plane understands`, () => {
		const given = { archive, encryptionKeySecretRef: key, to: "2026-01-31t13:00:00.5+01:00" };
		const spec = specOf({ storage: { filesystem: {} }, bootstrap: { recovery: given } });
		const { archive: place, ...rest } = spec.bootstrap?.recovery ?? assert.fail();
		const { recovery } = configOf({ spec, recovery: { ...rest, archive: place ?? assert.fail() } });
		assert.deepEqual(Object.keys(recovery?.archive ?? {}), Object.keys(archive));
		assert.equal(recovery?.keyFile, "/secrets/seal/archive.key");
		assert.equal(recovery?.to, "2026-01-31T12:00:00.500Z");
		if (recovery?.archive.filesystem !== undefined)
			assert.equal(recovery.archive.filesystem.root, "/claims/old-backup");
		// Who begins says it, not who was once told to.
		assert.equal(configOf({ spec }).recovery, undefined);
	});
}

/** What the data plane understands, with secrets that could be; each of them was looked for before. */
const configOf = (registry: Referring) => {
	const { document, environment, files } = settingsOf(registry, PLACES);
	const referred = secretReferences(registry).map(({ secret, key: name }) => `${secret}/${name}`);
	for (const { secret, key: name } of [...files, ...environment.map(({ from }) => from)]) {
		assert.ok(referred.includes(`${secret}/${name}`), `${secret}/${name}`);
	}
	const variables = Object.fromEntries(environment.map(({ variable }) => [variable, "c2VjcmV0"]));
	return parseConfig(stringify(document), "test", variables);
};

test("the key of an archive is 32 bytes, and what is missing for backups is told by field", () => {
	const spec = specOf({ backup: { archive: { s3: { bucket: "b", ...keyed } }, encryptionKeySecretRef: key } });
	const of = (seal: string) =>
		missingSecrets(
			{ spec },
			new Map([
				["seal", { "archive.key": Buffer.from(seal) }],
				["keys", { accessKeyId: Buffer.from("a"), secretAccessKey: Buffer.from("b") }],
				["ca", { "ca.crt": Buffer.from("c") }],
			]),
		);
	const field = "spec.backup.encryptionKeySecretRef";
	assert.deepEqual(of("k".repeat(32)), []);
	assert.deepEqual(of(""), [`${field}: the Secret seal has no entry archive.key, or an empty one`]);
	assert.deepEqual(of("k".repeat(33)), [
		`${field}: entry archive.key of the Secret seal has 33 bytes, expected 32 random ones`,
	]);
	const recovery = { archive: { filesystem: { claimName: "old" } }, encryptionKeySecretRef: { ...key, name: "gone" } };
	assert.deepEqual(missingSecrets({ spec: specOf({}), recovery }, new Map()), [
		"spec.bootstrap.recovery.encryptionKeySecretRef: there is no Secret gone in this namespace",
	]);
});

for (const [name, raw] of Object.entries(SPECS)) {
	test(`a Registry becomes a configuration that the data plane understands: ${name}`, () => {
		const spec = specOf(raw);
		const { document, environment, files } = settingsOf({ spec }, PLACES);
		const variables = Object.fromEntries(
			environment.map(({ variable }) => [variable, variable.endsWith("_URL") ? "postgres://u:p@h/d" : "c2VjcmV0"]),
		);
		const config = parseConfig(stringify(document), "test", variables);
		assert.equal(config.listen, PLACES.listen);
		assert.equal(config.egress.allow.length, spec.egress.allow.length);
		assert.deepEqual(Object.keys(config.stores.default ?? {}), Object.keys(spec.storage));
		const classes = spec.storageClasses.map((one) => one.name);
		assert.deepEqual(Object.keys(config.stores).toSorted(), ["default", ...classes].toSorted());
		assert.equal(config.database.postgres === undefined, spec.database.postgres === undefined);
		assert.equal(config.auth.tokenLifetime, name.includes("users") ? 5_400_000 : 300_000);
		// Everything that the data plane is given is something that was looked for before.
		const referred = secretReferences({ spec }).map(({ secret, key }) => `${secret}/${key}`);
		for (const { secret, key } of [...files, ...environment.map(({ from }) => from)]) {
			assert.ok(referred.includes(`${secret}/${key}`), `${secret}/${key}`);
		}
		assert.equal(stringify(document).includes("c2VjcmV0"), false);
	});
}

test("each storage class gets the keys of its own Secret", () => {
	const { document, environment } = settingsOf({ spec: specOf(SPECS["storage classes"] ?? {}) }, PLACES);
	const variables = environment.map(({ variable, from }) => [variable, `${from.secret}-${from.key}`]);
	const { stores } = parseConfig(stringify(document), "test", {
		...Object.fromEntries(variables),
		LIMANI_STORES_C_AZURE_ACCOUNT_KEY: "c2VjcmV0",
	});
	assert.equal(stores["tenant-a"]?.s3?.accessKeyId, "a-accessKeyId");
	assert.equal(stores["tenant-a"]?.s3?.secretAccessKey, "a-secretAccessKey");
	assert.equal(stores["tenant-b"]?.s3?.accessKeyId, "b-accessKeyId");
	assert.equal(stores.c?.azure?.accountKey, "c2VjcmV0");
	assert.equal(stores.g?.gcs?.credentialsFile, "/secrets/g/key.json");
});

test("two places that would keep bytes under the same keys are refused, with their names", () => {
	const at = (bucket: string, prefix = "") => ({ s3: { bucket, prefix } });
	const refusalOf = (spec: object): string => {
		const parsed = parseRegistry({ metadata: { name: "r", namespace: "n", uid: "u", generation: 1 }, spec });
		return "invalid" in parsed ? parsed.invalid : "";
	};
	const classes = (...all: readonly object[]) => all.map((one, i) => ({ name: `c${i}`, ...one }));
	assert.equal(
		refusalOf({ storage: at("a"), storageClasses: classes(at("b"), at("c"), at("d", "x/"), at("d", "y/")) }),
		"",
	);
	assert.match(refusalOf({ storage: at("a"), storageClasses: classes(at("a")) }), /storage and storageClasses\[c0\]/);
	assert.match(refusalOf({ storageClasses: classes(at("b"), at("a", "x/"), at("a", "x/y/")) }), /\[c1\] and .*\[c2\]/);
	const elsewhere = { s3: { bucket: "a", endpoint: "https://other.example" } };
	assert.equal(refusalOf({ storage: at("a"), storageClasses: classes(elsewhere, { gcs: { bucket: "a" } }) }), "");
});

test("what is missing of the Secrets is told by field", () => {
	const spec = specOf(SPECS["S3 and PostgreSQL"] ?? {});
	const text = (value: string) => Buffer.from(value);
	assert.deepEqual(missingSecrets({ spec }, new Map([["db", { url: text("postgres://"), "ca.crt": text("") }]])), [
		"spec.storage.s3.credentialsSecretRef: there is no Secret keys in this namespace",
		"spec.storage.s3.caSecretRef: there is no Secret ca in this namespace",
		"spec.database.postgres.caSecretRef: the Secret db has no entry ca.crt, or an empty one",
	]);
	const whole = new Map([
		["keys", { accessKeyId: text("a"), secretAccessKey: text("b") }],
		["ca", { "ca.crt": text("c") }],
		["db", { url: text("postgres://"), "ca.crt": text("d") }],
	]);
	assert.deepEqual(missingSecrets({ spec }, whole), []);
	const wrong = new Map([...whole, ["db", { url: text("the password is hunter2"), "ca.crt": text("d") }]]);
	assert.deepEqual(missingSecrets({ spec }, wrong), [
		"spec.database.postgres.urlSecretRef: entry url of the Secret db: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE",
	]);
});

test("a password whose line is empty is missing, as nobody is to log in without one", () => {
	const users = [{ name: "ann", passwordSecretRef: { name: "passwords", key: "ann" } }];
	const spec = specOf({ auth: { users } });
	const told = (ann: string) => missingSecrets({ spec }, new Map([["passwords", { ann: Buffer.from(ann) }]]));
	const field = "spec.auth.users[ann].passwordSecretRef";
	const empty = `${field}: the first line of entry ann of the Secret passwords, which is the password, is empty`;
	assert.deepEqual(told(""), [`${field}: the Secret passwords has no entry ann, or an empty one`]);
	for (const text of ["\n", "\r\n", "\nword"]) assert.deepEqual(told(text), [empty]);
	assert.deepEqual(told("word\n"), []);
});
