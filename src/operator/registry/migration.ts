import type { Registry, RegistryStatus } from "#/api/kinds/registry.ts";
import type { StoreMigration, StoreStanding } from "#/control/control.ts";
import type { RegistryFinding } from "./plan.ts";

/** The store that `spec.storage` is. */
const DEFAULT_STORE = "default";

/** What is to be told of a migration. */
export interface ToldMigration {
	readonly fields: Pick<RegistryStatus, "migration">;
	readonly asides: readonly RegistryFinding[];
	/** Conditions that are not there any more. */
	readonly dropped: readonly string[];
}

/**
 * How far the migration of a Registry's storage is, by its data plane; what was last seen stands while that does not tell.
 *
 * @param stores absent: it cannot be asked
 */
export const tellMigration = (
	{ spec, status }: Pick<Registry, "spec" | "status">,
	stores: readonly StoreStanding[] | undefined,
): ToldMigration => {
	if (spec.migration?.storage === undefined) return { fields: {}, asides: [], dropped: ["StorageMigrated"] };
	const seen = stores?.find(({ name }) => name === DEFAULT_STORE)?.migration;
	const last = status.migration?.storage;
	const standing = last === undefined ? {} : { migration: { storage: last } };
	if (seen === undefined) return { fields: standing, asides: [], dropped: [] };
	const { stage, objects, bytes } = seen;
	const storage = {
		stage,
		objects: objects.done,
		totalObjects: objects.all,
		bytes: bytes.done,
		totalBytes: bytes.all,
	};
	return { fields: { migration: { storage } }, asides: [judgeMigration(seen)], dropped: [] };
};

/** What can be done as long as nothing went there. */
const UNBEGUN =
	"Nothing has gone there: put that right, or take spec.migration.storage away, and name another place then";

const judgeMigration = ({ to, stage, objects, message: why }: StoreMigration): RegistryFinding => {
	const type = "StorageMigrated";
	if (stage === "Completed") {
		const message = `all of it is in ${to}: name that in spec.storage, and take spec.migration.storage away`;
		return { type, status: "True", reason: "Succeeded", message };
	}
	if (why !== undefined) {
		const message = stage === "Pending" ? `to ${to}: ${why}. ${UNBEGUN}` : `to ${to}: ${why}`;
		return { type, status: "False", reason: "MigrationHeldUp", message };
	}
	const message = `${objects.done} of ${objects.all} objects are in ${to}`;
	return { type, status: "False", reason: "Progressing", message };
};
