/** How a Registry's metadata goes from SQLite to PostgreSQL: what of its spec may change when, and what its status says. */
import { z } from "zod";
import type { CelRule, Rule } from "#/api/fields/rules.ts";

const counted = (what: string) => z.int().min(0).describe(what).exactOptional();

/** How far it is. */
export const databaseMigrationStatus = z
	.object({
		stage: z
			.enum(["Pending", "Copying", "Completed"])
			.describe(
				"Pending: it waits, and everything is where it was. Completed: all is read and written in the target, which is to be named in spec.database, in place of embedded and of spec.migration.database",
			),
		rows: counted("Rows that went over"),
		totalRows: counted("Rows there are"),
	})
	.describe("Of spec.migration.database");

/** Only the embedded database goes elsewhere. */
export const fromEmbedded: Rule<{
	readonly migration?: { readonly database?: unknown };
	readonly database: { readonly embedded?: unknown };
}> = {
	rule: "!has(self.migration) || !has(self.migration.database) || has(self.database.embedded)",
	message:
		"only database.embedded can be migrated: once status.migration.database.stage is Completed, name the target in database and take migration.database away",
	fieldPath: ".migration",
	holds: ({ migration, database }) => migration?.database === undefined || database.embedded !== undefined,
};

const KINDS = ["embedded", "postgres", "cloudNativePG"];

const HAS_STATUS = "has(self.status) && has(self.status.migration) && has(self.status.migration.database)";
const HAD_ONE = "has(oldSelf.spec.migration) && has(oldSelf.spec.migration.database)";

/** Which entry of which Secret says where the database is. To the API server the two are of different types. */
const IS_TARGET = ["name", "key"]
	.map((member) => {
		const ref = `postgres.urlSecretRef.${member}`;
		return `self.spec.database.${ref} == oldSelf.spec.migration.database.${ref}`;
	})
	.join(" && ");

/** What was pushed would be unknown, unless all of it was brought there. */
export const databaseStays: CelRule = {
	rule: [
		KINDS.map((kind) => `has(self.spec.database.${kind}) == has(oldSelf.spec.database.${kind})`).join(" && "),
		`(${HAD_ONE} && ${HAS_STATUS} && self.status.migration.database.stage == 'Completed' && has(self.spec.database.postgres) && ${IS_TARGET})`,
	].join(" || "),
	message:
		"the kind of database cannot be changed, but to the one that spec.migration.database names, once status.migration.database.stage is Completed",
	fieldPath: ".spec.database",
	reason: "FieldValueForbidden",
};

/** What was pushed since it moved is in its target alone, and what the status says may be of a while ago. */
export const databaseMigrationStays: CelRule = {
	rule: `!(${HAD_ONE}) || (has(self.spec.migration) && has(self.spec.migration.database)) || !(${HAS_STATUS}) || self.status.migration.database.stage == 'Pending' || !has(self.spec.database.embedded)`,
	message:
		"a migration of the database that has begun cannot be taken away: wait until status.migration.database.stage is Completed, then name the target in spec.database",
	fieldPath: ".spec.migration",
	reason: "FieldValueForbidden",
};
