import type { Migration } from "#/metadata/sql/engine/migrate.ts";
import { collection } from "./collection.ts";
import { inDialect } from "./columns.ts";
import { content } from "./content.ts";
import { listings } from "./listings.ts";
import { moves } from "./moves.ts";
import { origins } from "./origins.ts";
import { policies } from "./policies.ts";
import { quotas } from "./quotas.ts";
import { removal } from "./removal.ts";
import { replication } from "./replication.ts";
import { tenants } from "./tenants.ts";
import { trust } from "./trust.ts";
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
	{
		number: 5,
		name: "policies",
		// An older release would move tags that are to stay, and does not know what it would find wanted.
		oldestReader: 5,
		statements: (dialect) => policies.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 6,
		name: "replication",
		oldestReader: 5,
		statements: (dialect) => replication.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 7,
		name: "project-removal",
		// An older release would bring projects back that are being emptied, and not know their records.
		oldestReader: 7,
		statements: (dialect) => removal.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 8,
		name: "listings",
		oldestReader: 7,
		statements: (dialect) => listings.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 9,
		name: "origins",
		// An older release collects while a backup is made: the backup fails then, and none is taken for whole.
		oldestReader: 7,
		statements: (dialect) => origins.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 10,
		name: "trust",
		oldestReader: 7,
		statements: (dialect) => trust.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 11,
		name: "moves",
		// An older release would write what a project has into the store that it is only on its way to.
		oldestReader: 11,
		statements: (dialect) => moves.map((statement) => inDialect(statement, dialect)),
	},
	{
		number: 12,
		name: "backups",
		// An older release cannot tell what became of anything once there is a backup among what is wanted.
		oldestReader: 12,
		statements: () => [],
	},
];
