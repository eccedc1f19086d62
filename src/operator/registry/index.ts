/** Registry: runs what the resource asks for, tells it of its users, and writes down how it runs. */
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import type { EventRecorder } from "#/kube/events/event-recorder.ts";
import { addFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import type { Planes } from "#/operator/plane/planes.ts";
import type { RegistryActuator, RegistryState } from "./actuator.ts";
import { type Dependents, dependentsOf, readSecrets } from "./observe.ts";
import { planStatus, type RegistryObservation, type RegistryStatusPlan } from "./plan.ts";
import { missingSecrets } from "./secret-references.ts";
import { readUsage } from "./usage.ts";
import { type UserHashes, wantUsers } from "./users.ts";
import type { WantedRegistry } from "./wanted-registry.ts";
import { FIELD_MANAGER, type ObservedFields, type StatusWriter, writeRegistryStatus } from "./write-status.ts";

/** What the Registry controller works with. */
export interface RegistryDeps extends StatusWriter, Dependents {
	readonly registries: ObjectStore;
	readonly actuator: RegistryActuator;
	readonly planes: Planes;
	readonly userHashes: UserHashes;
	readonly events: Pick<EventRecorder, "record">;
	readonly volatileStatus: VolatileStatus;
}

/** Keeps the object until what runs for it has been stopped. */
const FINALIZER = "limani.dev/cleanup";
/** How often a Registry with nothing to do is looked at, milliseconds. */
const INTERVAL_MS = 600_000;
/** How soon one is that waits for something which nobody tells of, milliseconds. */
const WAIT_MS = 5_000;

/** Makes one Registry so. */
export const createRegistryReconcile =
	(deps: RegistryDeps): Reconcile =>
	async (key, signal) => {
		const object = deps.registries.get(key);
		if (object === undefined) return {};
		const parsed = parseRegistry(object);
		if ("invalid" in parsed) {
			await writeRegistryStatus(deps, object, invalid(parsed.invalid), {}, signal);
			return {};
		}
		if (object.metadata.deletionTimestamp !== undefined) return end(deps, object, parsed.resource, signal);
		const kept = await addFinalizer({ ...finalizing(deps, object) }, signal);
		return kept === undefined ? {} : keep(deps, kept, parsed.resource, signal);
	};

const keep = async (
	deps: RegistryDeps,
	object: KubeObject,
	registry: Registry,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const secrets = await readSecrets(deps.client, registry, signal);
	const missing = missingSecrets(registry.spec, secrets);
	const wanted: WantedRegistry = { ...refOf(registry), spec: registry.spec, secrets };
	const state = await run(deps, wanted, registry, missing.length === 0, signal);
	const { users, trouble } = await speak(deps, wanted, state, missing.length === 0 && !registry.spec.suspend);
	const observed: RegistryObservation = { registry, state, missing, users, trouble };
	const plan = planStatus(observed);
	const usage = await takeUsage(deps, registry, state, signal);
	await writeRegistryStatus(deps, object, plan, { ...fieldsOf(registry, state), ...usage.fields }, signal);
	announce(deps, object, registry, plan);
	return { againMs: Math.min(isWaiting(plan) ? WAIT_MS : INTERVAL_MS, usage.againMs) };
};

/** Runs it as wanted; what must be left as it is, or cannot be had yet, is only looked at. */
const run = async (
	{ actuator }: RegistryDeps,
	wanted: WantedRegistry,
	{ spec, status }: Registry,
	complete: boolean,
	signal: AbortSignal,
): Promise<RegistryState | undefined> => {
	const present = complete && !spec.suspend ? undefined : await actuator.observe(wanted, signal);
	if (!complete || present !== undefined) return present;
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

const takeUsage = async (
	{ volatileStatus }: RegistryDeps,
	{ metadata, status }: Registry,
	state: RegistryState | undefined,
	signal: AbortSignal,
): Promise<{ readonly fields: ObservedFields; readonly againMs: number }> => {
	if (state?.control === undefined) {
		return { fields: status.usage === undefined ? {} : { usage: status.usage }, againMs: INTERVAL_MS };
	}
	const usage = await readUsage(state.control, signal);
	const { value, againMs = INTERVAL_MS } = volatileStatus.take(metadata.uid, status.usage, usage);
	return { fields: value === undefined ? {} : { usage: value }, againMs };
};

const end = async (
	deps: RegistryDeps,
	object: KubeObject,
	registry: Registry,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	const waitsFor = dependentsOf(deps, registry);
	if (waitsFor.length > 0) {
		await writeRegistryStatus(deps, object, inUse(waitsFor), fieldsOf(registry, undefined), signal);
		return { againMs: WAIT_MS };
	}
	await deps.planes.detach(registry.metadata.uid);
	await deps.actuator.remove(refOf(registry), registry.spec.deletionPolicy, signal);
	deps.volatileStatus.forget(registry.metadata.uid);
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

const isWaiting = ({ progress }: RegistryStatusPlan): boolean => progress?.is === "Reconciling";

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

const invalid = (message: string): RegistryStatusPlan => ({
	findings: [{ type: "Ready", status: "False", reason: "InvalidSpec", message }],
	ready: { reason: "Succeeded", message: "" },
	progress: { is: "Stalled", reason: "InvalidSpec", message },
});

/** Objects that are named in a message at most. */
const NAMED = 5;

const inUse = (waitsFor: readonly string[]): RegistryStatusPlan => {
	const rest = waitsFor.length > NAMED ? ` and ${waitsFor.length - NAMED} more` : "";
	const message = `it is deleted once nothing names it any more: ${waitsFor.slice(0, NAMED).join(", ")}${rest}`;
	return {
		findings: [{ type: "Ready", status: "False", reason: "InUse", message }],
		ready: { reason: "Succeeded", message: "" },
		progress: { is: "Reconciling", reason: "InUse", message },
	};
};

/** Tells of what just became so; what is as it was is not told again. */
const announce = (
	{ events }: RegistryDeps,
	object: KubeObject,
	{ status }: Registry,
	{ findings, ready }: RegistryStatusPlan,
): void => {
	const before = status.conditions.find(({ type }) => type === "Ready");
	const trouble = findings.find((finding) => finding.status !== "True");
	const reason = trouble?.reason ?? ready.reason;
	if (before?.reason === reason || trouble?.reason === "Progressing") return;
	const type = trouble === undefined || trouble.reason === "Suspended" ? "Normal" : "Warning";
	events.record({ regarding: object, type, reason, action: "Reconcile", note: trouble?.message ?? ready.message });
};
