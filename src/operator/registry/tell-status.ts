import type { Registry, RegistryStatus } from "#/api/kinds/registry.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import type { Report } from "#/operator/report-verdict.ts";
import type { RegistryState } from "./actuator.ts";
import { type BackupsDeps, tellBackups } from "./backups.ts";
import { tellDatabaseMigration } from "./database-migration.ts";
import { tellMigration } from "./migration.ts";
import type { RegistryFinding } from "./plan.ts";
import { judgeStorage, storageClassesOf } from "./storage-classes.ts";
import { unlessAway } from "./unless-away.ts";
import { type SeenRegistry, takeVolatile } from "./volatile-fields.ts";

/** The observed fields of a status, beside conditions. */
type ObservedFields = Pick<
	RegistryStatus,
	"url" | "version" | "replicas" | "readyReplicas" | "selector" | "restoredTime"
>;

/** How it runs, for the status: what is not known now stays as it was last seen, but for who serves. */
export const fieldsOf = ({ status }: Registry, state: RegistryState | undefined): ObservedFields => {
	const url = state?.url ?? status.url;
	const version = state?.version ?? status.version;
	const { restoredTime } = status;
	return {
		...(restoredTime === undefined ? {} : { restoredTime }),
		...(url === undefined ? {} : { url }),
		...(version === undefined ? {} : { version }),
		replicas: state?.replicas ?? 0,
		readyReplicas: state?.readyReplicas ?? 0,
		selector: state?.selector ?? "",
	};
};

/** What {@link tellStatus} works with. */
interface TellDeps extends BackupsDeps {
	readonly volatileStatus: VolatileStatus;
}

/** What a data plane tells, for the status, and how soon to ask again, milliseconds. */
export const tellStatus = async (
	deps: TellDeps,
	seen: SeenRegistry,
	signal: AbortSignal,
): Promise<{ readonly report: Omit<Report, "verdict">; readonly againMs: number }> => {
	const { registry, state } = seen;
	const usage = await takeVolatile(deps.volatileStatus, seen, signal);
	const storage = await tellStorage(registry, state, signal);
	const backups = await tellBackups(deps, registry, state?.control, signal);
	const fields = { ...fieldsOf(registry, state), ...usage.fields, ...storage.fields, ...backups.fields };
	const asides = [...storage.asides, ...backups.asides];
	const dropped = [...storage.dropped, ...backups.dropped];
	return { report: { fields, asides, dropped }, againMs: usage.againMs };
};

/** How its stores stand and what of it goes elsewhere, for the status; what was last seen stands while that cannot be asked. */
const tellStorage = async (
	registry: Registry,
	state: RegistryState | undefined,
	signal: AbortSignal,
): Promise<{
	readonly fields: Pick<RegistryStatus, "storageClasses" | "migration">;
	readonly asides: readonly RegistryFinding[];
	readonly dropped: readonly string[];
}> => {
	const { storageClasses } = registry.status;
	const totals =
		state?.control === undefined ? undefined : await unlessAway(state.control.totals({}, signal), undefined);
	const stores = totals?.stores;
	const migrations = [tellMigration(registry, stores), tellDatabaseMigration(registry, totals?.databaseMigration)];
	const told = migrations.map(({ fields }) => fields.migration).filter((one) => one !== undefined);
	const fields = told.length === 0 ? {} : { migration: Object.assign({}, ...told) };
	const asides = migrations.flatMap((one) => one.asides);
	const dropped = migrations.flatMap((one) => one.dropped);
	if (stores === undefined) {
		const standing = storageClasses === undefined ? {} : { storageClasses };
		return { fields: { ...standing, ...fields }, asides, dropped };
	}
	return {
		fields: { storageClasses: storageClassesOf(stores), ...fields },
		asides: [judgeStorage(stores), ...asides],
		dropped,
	};
};
