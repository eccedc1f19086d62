/** How a Registry's blobs go from files to an object store: what of its spec may change when, and what its status says. */
import { z } from "zod";
import type { CelRule, Rule } from "#/api/fields/rules.ts";
import { databaseMigrationStatus } from "./registry-database-migration.ts";

const counted = (what: string) => z.int().min(0).describe(what);

/** How far a migration is. */
export const migrationStatus = z.object({
	storage: z
		.object({
			stage: z
				.enum(["Pending", "Copying", "Completed"])
				.describe(
					"Completed: the target has all there is, and is to be named in spec.storage, in place of the files and of spec.migration.storage",
				),
			objects: counted("Objects that are in the target"),
			totalObjects: counted("Objects there are"),
			bytes: counted("Bytes of those in the target"),
			totalBytes: counted("Bytes of all of them"),
		})
		.describe("Of spec.migration.storage")
		.exactOptional(),
	database: databaseMigrationStatus.exactOptional(),
});

/** Only files go elsewhere. */
export const fromFiles: Rule<{
	readonly migration?: { readonly storage?: unknown };
	readonly storage: { readonly filesystem?: unknown };
}> = {
	rule: "!has(self.migration) || !has(self.migration.storage) || has(self.storage.filesystem)",
	message:
		"only storage.filesystem can be migrated: once status.migration.storage.stage is Completed, name the target in storage and take migration.storage away",
	fieldPath: ".migration",
	holds: ({ migration, storage }) => migration?.storage === undefined || storage.filesystem !== undefined,
};

const KINDS = ["filesystem", "s3", "gcs", "azure"];

const HAS_STATUS = "has(self.status) && has(self.status.migration) && has(self.status.migration.storage)";
const HAD_ONE = "has(oldSelf.spec.migration) && has(oldSelf.spec.migration.storage)";
const IS_COMPLETED = `${HAS_STATUS} && self.status.migration.storage.stage == 'Completed'`;

/** What names a place, by its kind; what may be absent, with a question mark, and of what consists of parts, those. */
const NAMES = {
	s3: ["bucket", "region", "prefix", "endpoint?"],
	gcs: ["bucket", "prefix", "apiEndpoint?"],
	azure: ["container", "prefix", "endpoint?", "accountName?", "connectionStringSecretRef? name key"],
} as const;

/** Member by member: to the API server the two are of different types. */
const isTarget = ([kind, names]: readonly [string, readonly string[]]): string => {
	const [now, then] = [`self.spec.storage.${kind}`, `oldSelf.spec.migration.storage.${kind}`];
	const same = names.map((name) => {
		const [member = "", ...parts] = name.replace("?", "").split(" ");
		const paths = parts.length === 0 ? [member] : parts.map((part) => `${member}.${part}`);
		const isEqual = paths.map((path) => `${now}.${path} == ${then}.${path}`).join(" && ");
		if (!name.includes("?")) return isEqual;
		return `(has(${now}.${member}) ? has(${then}.${member}) && ${isEqual} : !has(${then}.${member}))`;
	});
	return `(${[`has(${now})`, `has(${then})`, ...same].join(" && ")})`;
};

/** What was pushed would be elsewhere, unless all of it was brought there. */
export const storageStays: CelRule = {
	rule: [
		KINDS.map((kind) => `has(self.spec.storage.${kind}) == has(oldSelf.spec.storage.${kind})`).join(" && "),
		`(${HAD_ONE} && ${IS_COMPLETED} && (${Object.entries(NAMES).map(isTarget).join(" || ")}))`,
	].join(" || "),
	message:
		"storage cannot be of another kind, but for the place that spec.migration.storage names, once status.migration.storage.stage is Completed",
	fieldPath: ".spec.storage",
	reason: "FieldValueForbidden",
};

/** What was pushed since it began is in its target alone. */
export const migrationStays: CelRule = {
	rule: `!(${HAD_ONE}) || (has(self.spec.migration) && has(self.spec.migration.storage)) || !(${HAS_STATUS}) || self.status.migration.storage.stage == 'Pending' || !has(self.spec.storage.filesystem)`,
	message:
		"a migration that has begun cannot be taken away, as its target has what was pushed since: wait until status.migration.storage.stage is Completed, then name the target in spec.storage",
	fieldPath: ".spec.migration",
	reason: "FieldValueForbidden",
};
