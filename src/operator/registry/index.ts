/** Registry: runs what the resource asks for, tells it of its users, and writes down how it runs. */
import { formatInstant } from "#/api/fields/instants.ts";
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import { addFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { isRequested } from "#/operator/annotations.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import type { Planes } from "#/operator/plane/planes.ts";
import { type ReportDeps, reportVerdict } from "#/operator/report-verdict.ts";
import { stillOf, tellingRefusals } from "#/operator/tell-refusals.ts";
import type { RegistryActuator, RegistryState } from "./actuator.ts";
import type { BackupsDeps } from "./backups.ts";
import { FIELD_MANAGER } from "./field-manager.ts";
import { type Dependents, dependentsOf, readSecrets } from "./observe.ts";
import { withConnection } from "./own-database.ts";
import { judgeAvailability, judgeRegistry, type RegistryObservation, type RegistryVerdict } from "./plan.ts";
import { findRecovery, type Recovery, type RecoverySources } from "./recovery.ts";
import { missingSecrets } from "./secret-references.ts";
import { droppedClasses, usedClasses, whyClassesStay } from "./storage-classes.ts";
import { hindranceOf, tendDatabase } from "./tell-database.ts";
import { fieldsOf, tellStatus } from "./tell-status.ts";
import { type UserHashes, wantUsers } from "./users.ts";
import { INTERVAL_MS } from "./volatile-fields.ts";
import type { WantedRegistry } from "./wanted-registry.ts";

/** What the Registry controller works with. */
export interface RegistryDeps extends Omit<ReportDeps, "fieldManager">, Dependents, RecoverySources, BackupsDeps {
	readonly actuator: RegistryActuator;
	readonly planes: Planes;
	readonly userHashes: UserHashes;
	readonly volatileStatus: VolatileStatus;
}

/** How often one with storage classes, backups or a database of its own is looked at, which may come and go, milliseconds. */
const PLACES_MS = 60_000;
/** How often one is whose storage or database is on its way, milliseconds. */
const MIGRATION_MS = 10_000;
/** How soon one is that waits for something which nobody tells of, milliseconds. */
const WAIT_MS = 5_000;

/** How soon one is whose link is about to know what there is, milliseconds. */
const LEARN_MS = 1_000;

/** Makes one Registry so. */
export const createRegistryReconcile = (deps: RegistryDeps): Reconcile =>
	tellingRefusals(
		{ ...deps, fieldManager: FIELD_MANAGER },
		(key) => deps.registries.get(key),
		async (key, signal) => {
			const object = deps.registries.get(key);
			if (object === undefined) return {};
			const parsed = parseRegistry(object);
			if ("invalid" in parsed) {
				const verdict = { is: "Stalled", reason: "InvalidSpec", message: parsed.invalid } as const;
				const { fields } = stillOf(object);
				await reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, { verdict, fields }, signal);
				return {};
			}
			if (object.metadata.deletionTimestamp !== undefined) return end(deps, object, parsed.resource, signal);
			const kept = await addFinalizer(finalizing(deps, object), signal);
			return kept === undefined ? {} : keep(deps, kept, parsed.resource, signal);
		},
	);

const keep = async (
	deps: RegistryDeps,
	object: KubeObject,
	registry: Registry,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const recovery = findRecovery(deps, registry);
	const database = await tendDatabase(deps.actuator.databases, registry, signal);
	const { wanted, missing } = await want(deps, registry, recovery, signal);
	const hindrance = await hindranceOf(deps.actuator, wanted, { ...database, missing }, signal);
	const wrong = recovery.is === "Wrong" ? recovery.message : undefined;
	const isComplete = missing.length === 0 && wrong === undefined && hindrance === undefined;
	const state = await run(deps, wanted, registry, isComplete, signal);
	const { users, trouble } = await speak(deps, wanted, state, isComplete && !registry.spec.suspend);
	const restoring = recovery.is === "Wanted" ? recovery.from : undefined;
	const observed: RegistryObservation = {
		registry,
		state,
		missing,
		restoring,
		wrong,
		database: hindrance,
		users,
		trouble,
	};
	const verdict = judgeRegistry(observed);
	// A link that was just begun first learns what is there; until then what was last seen stands.
	const isLearning =
		state?.problem === undefined &&
		users === undefined &&
		(verdict.reason === "Progressing" || (verdict.reason === "NotServing" && deps.planes.isUnseen(wanted.uid)));
	if (isLearning && isReady(registry)) return { againMs: LEARN_MS };
	const told = await tellStatus(deps, { registry, state, isAsked: isRequested(object) }, signal);
	// Whoever answers has all that it was to begin with: it begins anew without, and nothing of it is needed any more.
	const isRestored = recovery.is !== "Over" && users !== undefined && trouble === undefined;
	const restored = isRestored ? { restoredTime: formatInstant(deps.now()) } : {};
	const fields = { ...told.report.fields, ...restored };
	const asides = [...(told.report.asides ?? []), ...database.asides];
	const dropped = [...(told.report.dropped ?? []), ...database.dropped];
	const report = { verdict, conditions: [judgeAvailability(observed)], asides, dropped, fields };
	await reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, report, signal);
	const againMs = isMigrating(registry) ? MIGRATION_MS : hasPlaces(registry) ? PLACES_MS : INTERVAL_MS;
	const soonest = Math.min(verdict.is === "Working" ? WAIT_MS : againMs, told.againMs);
	return { againMs: isRestored ? LEARN_MS : soonest };
};

/** Whether it stands on what nobody tells of. */
const hasPlaces = ({ spec: { storageClasses, backup, database } }: Registry): boolean =>
	storageClasses.length > 0 || backup !== undefined || database.cloudNativePG !== undefined;

/** Whether how far it is changes all the time. */
const isMigrating = ({ spec: { migration }, status }: Registry): boolean =>
	(migration?.storage !== undefined && status.migration?.storage?.stage !== "Completed") ||
	(migration?.database !== undefined && status.migration?.database?.stage !== "Completed");

/** What is to run, and what is missing of that. */
const want = async (
	{ client }: RegistryDeps,
	registry: Registry,
	recovery: Recovery,
	signal: AbortSignal,
): Promise<{ readonly wanted: WantedRegistry; readonly missing: readonly string[] }> => {
	const spec = withConnection(registry.metadata.name, registry.spec);
	const used = { usedClasses: usedClasses(registry) };
	const asked = {
		...refOf(registry),
		...used,
		spec,
		...(recovery.is === "Wanted" ? { recovery: recovery.wanted } : {}),
	};
	const read = await readSecrets(client, asked, signal);
	const waitsFor = recovery.is === "Waiting" ? [recovery.message] : [];
	return { wanted: { ...asked, ...read }, missing: [...waitsFor, ...missingSecrets(asked, read.secrets)] };
};

const isReady = ({ metadata, status }: Registry): boolean =>
	status.conditions.some(
		({ type, status: is, observedGeneration }) =>
			type === "Ready" && is === "True" && observedGeneration === metadata.generation,
	);

/**
 * Runs it as wanted; what must be left as it is, or cannot be had yet, is only looked at. That nothing serves can always
 * be had, whatever is missing.
 */
const run = async (
	{ actuator }: RegistryDeps,
	wanted: WantedRegistry,
	registry: Registry,
	complete: boolean,
	signal: AbortSignal,
): Promise<RegistryState | undefined> => {
	const { spec, status } = registry;
	const isPossible = complete || spec.replicas === 0;
	const present = isPossible && !spec.suspend ? undefined : await actuator.observe(wanted, signal);
	if (!isPossible || present !== undefined) return present;
	// A Registry that was suspended before it ever ran is not begun; one that ran goes on.
	if (spec.suspend && status.url === undefined) return undefined;
	if (droppedClasses(registry).length > 0) {
		const running = await actuator.observe(wanted, signal);
		const problem = await whyClassesStay(registry, running, signal);
		if (running !== undefined && problem !== undefined) return { ...running, problem };
	}
	return actuator.ensure(wanted, signal);
};

const speak = async (
	{ planes, userHashes }: RegistryDeps,
	wanted: WantedRegistry,
	state: RegistryState | undefined,
	mayChange: boolean,
): Promise<Pick<RegistryObservation, "users" | "trouble">> => {
	if (state?.control === undefined) {
		await planes.detach(wanted.uid);
		return { users: undefined, trouble: undefined };
	}
	planes.attach({ uid: wanted.uid, key: keyOf(wanted), control: state.control });
	const link = planes.find(wanted.uid);
	if (link === undefined || !link.synced) return { users: undefined, trouble: link?.trouble };
	const users = mayChange ? wantUsers(link, await userHashes.wishes(wanted)) : { pending: 0, refused: [] };
	return { users, trouble: link.trouble };
};

const end = async (
	deps: RegistryDeps,
	object: KubeObject,
	registry: Registry,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const waitsFor = dependentsOf(deps, registry);
	if (waitsFor.length > 0) {
		const state = await deps.actuator.observe(refOf(registry), signal);
		// Those that are waited for go sooner, and stay as they are allowed to be meanwhile, while it can be told of them.
		const { uid, namespace, name } = registry.metadata;
		if (state?.control !== undefined) {
			deps.planes.attach({ uid, key: keyOf({ namespace, name }), control: state.control });
		} else if (deps.planes.find(uid) === undefined) {
			await deps.planes.detach(uid);
		}
		const report = { verdict: inUse(waitsFor), fields: fieldsOf(registry, state) };
		await reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, report, signal);
		return { againMs: WAIT_MS };
	}
	await deps.planes.detach(registry.metadata.uid);
	const { deletionPolicy, database } = registry.spec;
	await deps.actuator.remove(refOf(registry), deletionPolicy, signal);
	const isOver = deletionPolicy === "Delete" && database.cloudNativePG !== undefined;
	if (isOver) await deps.actuator.databases?.remove(refOf(registry), signal);
	await removeFinalizer(finalizing(deps, object), signal);
	return {};
};

const finalizing = ({ client, type }: RegistryDeps, object: KubeObject) => ({
	client,
	type,
	object,
	finalizer: FINALIZER,
	fieldManager: FIELD_MANAGER,
});

const refOf = ({ metadata: { uid, namespace, name } }: Registry) => ({ uid, namespace, name });

/** Objects that are named in a message at most. */
const NAMED = 5;

const inUse = (waitsFor: readonly string[]): RegistryVerdict => {
	const rest = waitsFor.length > NAMED ? ` and ${waitsFor.length - NAMED} more` : "";
	const message = `it is deleted once nothing names it any more: ${waitsFor.slice(0, NAMED).join(", ")}${rest}`;
	return { is: "Working", reason: "InUse", message };
};
