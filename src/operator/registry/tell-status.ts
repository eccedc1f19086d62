import type { Registry, RegistryStatus } from "#/api/kinds/registry.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import type { Report } from "#/operator/report-verdict.ts";
import type { RegistryState } from "./actuator.ts";
import { type BackupsDeps, tellBackups } from "./backups.ts";
import { tellMigration } from "./migration.ts";
import type { RegistryFinding } from "./plan.ts";
import { judgeStorage, readStores, storageClassesOf } from "./storage-classes.ts";
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

/** How its stores stand, for the status; what was last seen stands while that cannot be asked. */
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
	const stores =
		state?.control === undefined ? undefined : await unlessAway(readStores(state.control, signal), undefined);
	const migration = tellMigration(registry, stores);
	if (stores === undefined) {
		const standing = storageClasses === undefined ? {} : { storageClasses };
		return { ...migration, fields: { ...standing, ...migration.fields } };
	}
	return {
		fields: { storageClasses: storageClassesOf(stores), ...migration.fields },
		asides: [judgeStorage(stores), ...migration.asides],
		dropped: migration.dropped,
	};
};
