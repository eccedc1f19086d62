import type { Registry } from "#/api/kinds/registry.ts";
import type { DatabaseMigration } from "#/control/control.ts";
import type { ToldMigration } from "./migration.ts";
import type { RegistryFinding } from "./plan.ts";

/**
 * How far the migration of a Registry's database is, by its data plane; what was last seen stands while that does not
 * tell.
 *
 * @param seen absent: it cannot be asked, or does not know yet that there is one
 */
export const tellDatabaseMigration = (
	{ spec, status }: Pick<Registry, "spec" | "status">,
	seen: DatabaseMigration | undefined,
): ToldMigration => {
	if (spec.migration?.database === undefined) return { fields: {}, asides: [], dropped: ["DatabaseMigrated"] };
	const last = status.migration?.database;
	if (seen === undefined) {
		return { fields: last === undefined ? {} : { migration: { database: last } }, asides: [], dropped: [] };
	}
	const { stage, rows } = seen;
	const all = rows?.all ?? last?.totalRows;
	// A data plane that began after the end counts nothing any more: all of what there was went over.
	const done = rows?.done ?? (stage === "Completed" ? all : last?.rows);
	const database = {
		stage,
		...(done === undefined ? {} : { rows: done }),
		...(all === undefined ? {} : { totalRows: all }),
	};
	return { fields: { migration: { database } }, asides: [judge(seen)], dropped: [] };
};

const judge = ({ to, stage, rows, message: why }: DatabaseMigration): RegistryFinding => {
	const type = "DatabaseMigrated";
	if (stage === "Completed") {
		const message = `all of it is in ${to}: name that in spec.database, and take spec.migration.database away`;
		return { type, status: "True", reason: "Succeeded", message };
	}
	if (why !== undefined) return { type, status: "False", reason: "MigrationHeldUp", message: `to ${to}: ${why}` };
	const message =
		rows === undefined ? `it goes to ${to}` : `${rows.done} of ${rows.all} rows are in ${to}, and what changes follows`;
	return { type, status: "False", reason: "Progressing", message };
};
