import type { RuleCase } from "./rule-cases.ts";

const key = { name: "s", key: "k" };
const s3 = { s3: { bucket: "b" } };
const gcs = { gcs: { bucket: "b" } };
const azure = { azure: { container: "c", accountName: "a", accountKeySecretRef: key } };
const byString = { azure: { container: "c", connectionStringSecretRef: key } };
const postgres = { postgres: { urlSecretRef: key } };
const own = { cloudNativePG: {} };

const MORE = "more than one replica needs database.postgres";
const BEGUN = "a migration that has begun cannot be taken away";
type Stage = "Pending" | "Copying" | "Completed";
const storageAt = (stage: Stage) => ({
	storage: { stage, objects: 1, totalObjects: 2, bytes: 10, totalBytes: 20 },
});
const migrating = (stage: Stage) => ({ migration: storageAt(stage) });
const databaseAt = (stage: Stage) => ({ database: { stage, rows: 1, totalRows: 2 } });
const moving = (stage: Stage) => ({ migration: databaseAt(stage) });
const MOVING = "a migration of the database that has begun cannot be taken away";
const OTHER_KIND = "the kind of database cannot be changed, but to the one that spec.migration.database names";
const elsewhere = { postgres: { urlSecretRef: { ...key, name: "t" } } };

/** Of what a Registry keeps going elsewhere. */
export const REGISTRY_MIGRATION_CASES: readonly Omit<RuleCase, "kind">[] = [
	// From files to an object store.
	{ spec: { migration: { storage: s3 } } },
	{ spec: { migration: { storage: {} } }, broken: ["expected exactly one of s3, gcs, azure"] },
	{ spec: { storage: gcs, migration: { storage: s3 } }, broken: ["only storage.filesystem can be migrated"] },
	{ before: {}, spec: { migration: { storage: s3 } } },
	{ before: { migration: { storage: s3 } }, spec: {} },
	{ before: { migration: { storage: s3 } }, spec: {}, status: migrating("Pending") },
	{ before: { migration: { storage: s3 } }, spec: {}, status: migrating("Copying"), broken: [BEGUN] },
	{ before: { migration: { storage: s3 } }, spec: {}, status: migrating("Completed"), broken: [BEGUN] },
	{
		before: { migration: { storage: s3 } },
		spec: { migration: { storage: gcs } },
		broken: ["the kind of the target cannot"],
	},
	{
		before: { migration: { storage: s3 } },
		spec: { migration: { storage: { s3: { bucket: "another" } } } },
		broken: ["bucket cannot"],
	},
	{
		before: { migration: { storage: s3 } },
		spec: { storage: s3 },
		status: migrating("Copying"),
		broken: ["storage cannot be of another kind, but for the place that spec.migration.storage names"],
	},
	{ before: { migration: { storage: s3 } }, spec: { storage: s3 }, status: migrating("Completed") },
	{ before: { migration: { storage: gcs } }, spec: { storage: gcs }, status: migrating("Completed") },
	{ before: { migration: { storage: azure } }, spec: { storage: azure }, status: migrating("Completed") },
	{ before: { migration: { storage: byString } }, spec: { storage: byString }, status: migrating("Completed") },
	{
		before: { migration: { storage: byString } },
		spec: { storage: { azure: { ...byString.azure, connectionStringSecretRef: { ...key, name: "another" } } } },
		status: migrating("Completed"),
		broken: ["storage cannot be of another kind"],
	},
	{
		before: { migration: { storage: byString } },
		spec: { storage: { azure: { ...byString.azure, connectionStringSecretRef: { ...key, key: "another" } } } },
		status: migrating("Completed"),
		broken: ["storage cannot be of another kind"],
	},
	{
		before: { migration: { storage: byString } },
		spec: { storage: azure },
		status: migrating("Completed"),
		broken: ["storage cannot be of another kind"],
	},
	{
		before: { migration: { storage: { s3: { bucket: "b", endpoint: "https://s3.test" } } } },
		spec: { storage: { s3: { bucket: "b", endpoint: "https://s3.test", credentialsSecretRef: { name: "new" } } } },
		status: migrating("Completed"),
	},
	{
		before: { migration: { storage: { s3: { bucket: "b", endpoint: "https://s3.test" } } } },
		spec: { storage: s3 },
		status: migrating("Completed"),
		broken: ["storage cannot be of another kind"],
	},
	{
		before: { migration: { storage: s3 } },
		spec: { storage: gcs },
		status: migrating("Completed"),
		broken: ["storage cannot be of another kind"],
	},
	{
		before: { migration: { storage: s3 } },
		spec: { storage: { s3: { bucket: "another" } } },
		status: migrating("Completed"),
		broken: ["storage cannot be of another kind"],
	},
	{
		before: { storage: s3 },
		spec: { storage: {} },
		status: migrating("Completed"),
		broken: ["storage cannot be of another kind", "expected exactly one"],
	},
	// From the embedded database to PostgreSQL, alone or with the storage.
	{ spec: { migration: {} }, broken: ["expected storage, database or both"] },
	{ spec: { migration: { database: postgres } } },
	{ spec: { migration: { database: postgres, storage: s3 } } },
	{ spec: { storage: s3, migration: { database: postgres } } },
	{ spec: { database: postgres, migration: { storage: s3 } } },
	{
		spec: { database: postgres, migration: { database: elsewhere } },
		broken: ["only database.embedded can be migrated"],
	},
	{ spec: { database: own, migration: { database: postgres } }, broken: ["only database.embedded can be migrated"] },
	{ spec: { replicas: 2, storage: s3, migration: { database: postgres } }, broken: [MORE] },
	{ before: {}, spec: { migration: { database: postgres } } },
	{ before: { migration: { storage: s3 } }, spec: { migration: { storage: s3, database: postgres } } },
	{
		before: { migration: { storage: s3 } },
		spec: { migration: { storage: s3, database: postgres } },
		status: migrating("Copying"),
	},
	{ before: { migration: { database: postgres } }, spec: {} },
	{ before: { migration: { database: postgres } }, spec: {}, status: moving("Pending") },
	{ before: { migration: { database: postgres } }, spec: {}, status: moving("Copying"), broken: [MOVING] },
	{ before: { migration: { database: postgres } }, spec: {}, status: moving("Completed"), broken: [MOVING] },
	{
		before: { migration: { database: postgres, storage: s3 } },
		spec: { migration: { storage: s3 } },
		status: moving("Copying"),
		broken: [MOVING],
	},
	{
		before: { migration: { database: postgres, storage: s3 } },
		spec: { migration: { database: postgres } },
		status: migrating("Copying"),
		broken: [BEGUN],
	},
	{
		before: { migration: { database: postgres } },
		spec: { migration: { database: elsewhere } },
		broken: ["urlSecretRef cannot"],
	},
	{
		before: { migration: { database: postgres } },
		spec: { migration: { database: { postgres: { ...postgres.postgres, maxConnections: 4 } } } },
		status: moving("Copying"),
	},
	{
		before: { migration: { database: postgres } },
		spec: { database: postgres },
		status: moving("Copying"),
		broken: [OTHER_KIND],
	},
	{ before: { migration: { database: postgres } }, spec: { database: postgres }, broken: [OTHER_KIND] },
	{
		before: { migration: { database: postgres, storage: s3 } },
		spec: { database: postgres, migration: { storage: s3 } },
		status: migrating("Completed"),
		broken: [OTHER_KIND],
	},
	{ before: { migration: { database: postgres } }, spec: { database: postgres }, status: moving("Completed") },
	{
		before: { migration: { database: postgres } },
		spec: { database: { postgres: { ...postgres.postgres, maxConnections: 4, caSecretRef: { name: "ca" } } } },
		status: moving("Completed"),
	},
	{
		before: { migration: { database: postgres } },
		spec: { database: elsewhere },
		status: moving("Completed"),
		broken: [OTHER_KIND],
	},
	{
		before: { migration: { database: postgres } },
		spec: { database: { postgres: { urlSecretRef: { ...key, key: "other" } } } },
		status: moving("Completed"),
		broken: [OTHER_KIND],
	},
	{
		before: { migration: { database: postgres } },
		spec: { database: own },
		status: moving("Completed"),
		broken: [OTHER_KIND],
	},
	{
		before: { migration: { database: postgres } },
		spec: { database: postgres, migration: { database: postgres } },
		status: moving("Completed"),
		broken: ["only database.embedded can be migrated"],
	},
	{
		before: { migration: { database: postgres, storage: s3 } },
		spec: { database: postgres, migration: { storage: s3 } },
		status: { migration: { ...storageAt("Copying"), ...databaseAt("Completed") } },
	},
	{
		before: { migration: { database: postgres, storage: s3 } },
		spec: { storage: s3, database: postgres, replicas: 3 },
		status: { migration: { ...storageAt("Completed"), ...databaseAt("Completed") } },
	},
	{ before: { database: postgres }, spec: {}, status: moving("Completed"), broken: [OTHER_KIND] },
];
