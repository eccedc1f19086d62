/** Registry: runs what the resource asks for, tells it of its users, and writes down how it runs. */
import { parseRegistry, type Registry, type RegistryStatus } from "#/api/kinds/registry.ts";
import { ControlError } from "#/control/control-error.ts";
import { addFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import { roundUsage } from "#/kube/status/round-usage.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { isRequested } from "#/operator/annotations.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import type { Planes } from "#/operator/plane/planes.ts";
import { type ReportDeps, reportVerdict } from "#/operator/report-verdict.ts";
import type { RegistryActuator, RegistryState } from "./actuator.ts";
import { FIELD_MANAGER } from "./field-manager.ts";
import { type Dependents, dependentsOf, readSecrets } from "./observe.ts";
import { judgeAvailability, judgeRegistry, type RegistryObservation, type RegistryVerdict } from "./plan.ts";
import { missingSecrets } from "./secret-references.ts";
import { readUsage } from "./usage.ts";
import { type UserHashes, wantUsers } from "./users.ts";
import type { WantedRegistry } from "./wanted-registry.ts";

/** What the Registry controller works with. */
export interface RegistryDeps extends Omit<ReportDeps, "fieldManager">, Dependents {
	readonly registries: ObjectStore;
	readonly actuator: RegistryActuator;
	readonly planes: Planes;
	readonly userHashes: UserHashes;
	readonly volatileStatus: VolatileStatus;
}

type Usage = NonNullable<RegistryStatus["usage"]>;

/** The observed fields of a status, beside conditions. */
type ObservedFields = Pick<RegistryStatus, "url" | "version" | "replicas" | "readyReplicas" | "selector" | "usage">;

/** How often a Registry with nothing to do is looked at, milliseconds. */
const INTERVAL_MS = 600_000;
/** How soon one is that waits for something which nobody tells of, milliseconds. */
const WAIT_MS = 5_000;

/** How soon one is whose link is about to know what there is, milliseconds. */
const LEARN_MS = 1_000;

/** Makes one Registry so. */
export const createRegistryReconcile =
	(deps: RegistryDeps): Reconcile =>
	async (key, signal) => {
		const object = deps.registries.get(key);
		if (object === undefined) return {};
		const parsed = parseRegistry(object);
		if ("invalid" in parsed) {
			const verdict = { is: "Stalled", reason: "InvalidSpec", message: parsed.invalid } as const;
			await reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, { verdict, fields: {} }, signal);
			return {};
		}
		if (object.metadata.deletionTimestamp !== undefined) return end(deps, object, parsed.resource, signal);
		const kept = await addFinalizer(finalizing(deps, object), signal);
		return kept === undefined ? {} : keep(deps, kept, parsed.resource, signal);
	};

const keep = async (
	deps: RegistryDeps,
	object: KubeObject,
	registry: Registry,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const read = await readSecrets(deps.client, registry, signal);
	const missing = missingSecrets(registry.spec, read.secrets);
	const wanted: WantedRegistry = { ...refOf(registry), spec: registry.spec, ...read };
	const state = await run(deps, wanted, registry, missing.length === 0, signal);
	const { users, trouble } = await speak(deps, wanted, state, missing.length === 0 && !registry.spec.suspend);
	const observed: RegistryObservation = { registry, state, missing, users, trouble };
	const verdict = judgeRegistry(observed);
	// A link that was just begun first learns what is there; until then what was last seen stands.
	const isLearning = state?.problem === undefined && verdict.reason === "Progressing" && users === undefined;
	if (isLearning && isReady(registry)) return { againMs: LEARN_MS };
	const usage = await takeUsage(deps, { registry, state, isAsked: isRequested(object) }, signal);
	const fields = { ...fieldsOf(registry, state), ...usage.fields };
	const report = { verdict, conditions: [judgeAvailability(observed)], fields };
	await reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, report, signal);
	return { againMs: Math.min(verdict.is === "Working" ? WAIT_MS : INTERVAL_MS, usage.againMs) };
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
	{ spec, status }: Registry,
	complete: boolean,
	signal: AbortSignal,
): Promise<RegistryState | undefined> => {
	const isPossible = complete || spec.replicas === 0;
	const present = isPossible && !spec.suspend ? undefined : await actuator.observe(wanted, signal);
	if (!isPossible || present !== undefined) return present;
	// A Registry that was suspended before it ever ran is not begun; one that ran goes on.
	if (spec.suspend && status.url === undefined) return undefined;
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

interface UsageQuestion {
	readonly registry: Registry;
	readonly state: RegistryState | undefined;
	/** Whether somebody wants to know now. */
	readonly isAsked: boolean;
}

const takeUsage = async (
	{ volatileStatus }: RegistryDeps,
	{ registry: { metadata, status }, state, isAsked }: UsageQuestion,
	signal: AbortSignal,
): Promise<{ readonly fields: ObservedFields; readonly againMs: number }> => {
	if (state?.control === undefined) {
		return { fields: status.usage === undefined ? {} : { usage: status.usage }, againMs: INTERVAL_MS };
	}
	const usage = await readUsage(state.control, signal).then(rounded, (error: unknown) => {
		// That it does not answer is said elsewhere, and must not keep the rest from being said.
		if (error instanceof ControlError) return status.usage;
		throw error;
	});
	const { value, againMs = INTERVAL_MS } = volatileStatus.choose(
		metadata.uid,
		isAsked ? undefined : status.usage,
		usage,
	);
	return { fields: value === undefined ? {} : { usage: value }, againMs };
};

const rounded = (usage: Usage): Usage => ({ ...usage, logicalBytes: roundUsage(usage.logicalBytes) });

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
		}
		const report = { verdict: inUse(waitsFor), fields: fieldsOf(registry, state) };
		await reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, report, signal);
		return { againMs: WAIT_MS };
	}
	await deps.planes.detach(registry.metadata.uid);
	await deps.actuator.remove(refOf(registry), registry.spec.deletionPolicy, signal);
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

/** What is not known now stays as it was last seen, but for who serves. */
const fieldsOf = ({ status }: Registry, state: RegistryState | undefined): ObservedFields => {
	const url = state?.url ?? status.url;
	const version = state?.version ?? status.version;
	return {
		...(url === undefined ? {} : { url }),
		...(version === undefined ? {} : { version }),
		replicas: state?.replicas ?? 0,
		readyReplicas: state?.readyReplicas ?? 0,
		selector: state?.selector ?? "",
	};
};

/** Objects that are named in a message at most. */
const NAMED = 5;

const inUse = (waitsFor: readonly string[]): RegistryVerdict => {
	const rest = waitsFor.length > NAMED ? ` and ${waitsFor.length - NAMED} more` : "";
	const message = `it is deleted once nothing names it any more: ${waitsFor.slice(0, NAMED).join(", ")}${rest}`;
	return { is: "Working", reason: "InUse", message };
};
