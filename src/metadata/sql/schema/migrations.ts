import type { Migration } from "#/metadata/sql/engine/migrate.ts";
import { collection } from "./collection.ts";
import { inDialect } from "./columns.ts";
import { content } from "./content.ts";
import { quotas } from "./quotas.ts";
import { tenants } from "./tenants.ts";
import { undo } from "./undo.ts";
import { work } from "./work.ts";

/** Every migration of the metadata store, in order. A released one is never changed: what follows is added below. */
export const migrations: readonly Migration[] = [
	{
		number: 1,
		name: "first-schema",
		oldestReader: 1,
		statements: (dialect) => [...tenants, ...content, ...work].map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 2,
		name: "quotas",
		oldestReader: 1,
		statements: (dialect) => quotas.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 3,
		name: "link-reviews",
		// An older release would link blobs without having the links reviewed.
		oldestReader: 3,
		statements: (dialect) => collection.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 4,
		name: "undo",
		// An older release would collect bytes of what can be restored.
		oldestReader: 4,
		statements: (dialect) => undo.map((statement) => inDialect(statement, dialect)),
	},
];
