/** BackupSchedule: makes Backups, one at a time and one for each time of the schedule, and clears away outlived ones. */
import { formatInstant, instantMs } from "#/api/fields/instants.ts";
import { backupKind } from "#/api/kinds/backup.ts";
import { type BackupSchedule, parseBackupSchedule } from "#/api/kinds/backup-schedule.ts";
import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import { REQUESTED_AT } from "#/operator/annotations.ts";
import { isReported, type Report, type ReportDeps, reportVerdict } from "#/operator/report-verdict.ts";
import { stillOf, tellingRefusals } from "#/operator/tell-refusals.ts";
import { registryKeyOf } from "#/operator/tenancy/find-binding.ts";
import { BY_SCHEDULE, childrenIn, SCHEDULE_LABEL } from "./children.ts";
import { judgeChildren, judgeSchedule, lastBackupOf } from "./judge-schedule.ts";
import { makeChild } from "./make-child.ts";
import { findDelay, isDone, outlivedOf, planSchedule, type ScheduleFacts, type SchedulePlan } from "./plan.ts";

/** What the BackupSchedule controller works with. */
export interface BackupScheduleDeps extends Omit<ReportDeps, "fieldManager"> {
	readonly schedules: ObjectStore;
	readonly backups: ObjectStore;
	readonly registries: ObjectStore;
}

/** Who writes, in `managedFields`. */
const FIELD_MANAGER = "limani-backupschedule";

/** The clock may be set, so nobody sleeps until a far time. Milliseconds. */
const LONGEST_SLEEP_MS = 600_000;

/** How soon is looked again for what is late and waits, milliseconds. */
const LATE_MS = 60_000;

/** What a request may be at most, UTF-16 units. */
const MAX_REQUEST = 128;

/** Backups of one page. */
const PAGE = 500;

/** Keeps to one BackupSchedule. */
export const createBackupScheduleReconcile = (deps: BackupScheduleDeps): Reconcile =>
	tellingRefusals(
		{ ...deps, fieldManager: FIELD_MANAGER },
		(key) => deps.schedules.get(key),
		async (key, signal) => {
			const object = deps.schedules.get(key);
			if (object === undefined || object.metadata.deletionTimestamp !== undefined) return {};
			const parsed = parseBackupSchedule(object);
			if ("invalid" in parsed) {
				const verdict = { is: "Stalled", reason: "InvalidSpec", message: parsed.invalid } as const;
				await write(deps, object, { verdict, ...stillOf(object) }, signal);
				return {};
			}
			return await keep(deps, { object, schedule: parsed.resource }, signal);
		},
	);

interface Looked {
	readonly object: KubeObject;
	readonly schedule: BackupSchedule;
}

const keep = async (deps: BackupScheduleDeps, looked: Looked, signal: AbortSignal): Promise<ReconcileResult> => {
	const { object, schedule } = looked;
	const { registry, obstacle } = findRegistry(deps, schedule);
	const { facts, plan, made } = await act(deps, looked, obstacle === undefined ? registry : undefined, signal);
	const slot = made === undefined ? facts.lastSlot : (plan.make?.slot ?? facts.lastSlot);
	const isAnswered =
		facts.request !== undefined &&
		(isDone(facts, facts.request) || (made === "foreign" && plan.make?.slot === undefined));
	const report = {
		verdict: judgeSchedule(schedule.spec, obstacle, plan, facts.now),
		asides: [judgeChildren(facts.children, findDelay(facts))],
		fields: {
			...(slot === undefined ? {} : { lastScheduleTime: formatInstant(slot) }),
			...(plan.next === undefined ? {} : { nextScheduleTime: formatInstant(plan.next) }),
			...lastBackupOf(facts.children),
		},
		handled: isAnswered ? facts.request : schedule.status.lastHandledRequestedAt,
	};
	await write(deps, object, report, signal);
	if (plan.next === undefined) return {};
	return { againMs: plan.next > facts.now ? Math.min(plan.next - facts.now, LONGEST_SLEEP_MS) : LATE_MS };
};

/** What was found, planned and done. */
interface Acted {
	readonly facts: ScheduleFacts;
	readonly plan: SchedulePlan;
	/** What became of the Backup that was to be made; absent: none was. */
	readonly made: "made" | "foreign" | undefined;
}

/** Does what is due. @param registry absent: nothing can be done now */
const act = async (
	deps: BackupScheduleDeps,
	looked: Looked,
	registry: Registry | undefined,
	signal: AbortSignal,
): Promise<Acted> => {
	const known = { ...factsOf(deps, looked), isBlocked: registry === undefined };
	const planned = planSchedule(known);
	const idle = { facts: known, plan: planned, made: undefined };
	if (registry === undefined || looked.schedule.spec.suspend) return idle;
	const acted = planned.make === undefined ? idle : await make(deps, looked, { known, registry }, signal);
	// Last: where somebody forbids that, backups are made as ever.
	await clear(deps, known, registry, signal);
	return acted;
};

const make = async (
	deps: BackupScheduleDeps,
	{ object, schedule }: Looked,
	{ known, registry }: { readonly known: ScheduleFacts; readonly registry: Registry },
	signal: AbortSignal,
): Promise<Acted> => {
	// The cache may not know yet what was made a moment ago, by this process or another.
	const facts = { ...known, children: await readChildren(deps, schedule, signal) };
	const plan = planSchedule(facts);
	if (plan.make === undefined) return { facts, plan, made: undefined };
	const made = await makeChild(
		deps.client,
		{ object, schedule, registry, name: plan.make.name },
		FIELD_MANAGER,
		signal,
	);
	if (made === "foreign") {
		const note = `there is a Backup ${plan.make.name} that it did not make: it is left alone, and none is made`;
		deps.events.record({ regarding: object, type: "Warning", reason: "NotOurs", action: "Make", note });
	}
	return { facts, plan, made };
};

const factsOf = (deps: BackupScheduleDeps, { object, schedule }: Looked): Omit<ScheduleFacts, "isBlocked"> => {
	const { metadata, spec, status } = schedule;
	const request = metadata.annotations[REQUESTED_AT]?.slice(0, MAX_REQUEST) ?? "";
	return {
		name: metadata.name,
		uid: metadata.uid,
		spec,
		createdAt: instantMs(object.metadata.creationTimestamp ?? ""),
		announced: isReported(object) ? instantOf(status.nextScheduleTime) : undefined,
		lastSlot: instantOf(status.lastScheduleTime),
		request: request === "" || request === status.lastHandledRequestedAt ? undefined : request,
		children: childrenIn(deps.backups.by(BY_SCHEDULE, keyOf(metadata))),
		now: deps.now(),
	};
};

const instantOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : instantMs(text));

const readChildren = async ({ client }: BackupScheduleDeps, { metadata }: BackupSchedule, signal: AbortSignal) => {
	const labelSelector = `${SCHEDULE_LABEL}=${metadata.name}`;
	const selection = { namespace: metadata.namespace, labelSelector, limit: PAGE };
	return childrenIn((await listAll(client, backupKind, selection, signal)).items);
};

const clear = async (
	{ client }: BackupScheduleDeps,
	{ children }: Pick<ScheduleFacts, "children">,
	{ metadata: { namespace }, status }: Registry,
	signal: AbortSignal,
): Promise<void> => {
	for (const { name, uid } of outlivedOf(children, instantOf(status.firstRecoverabilityPoint))) {
		await client.delete(backupKind, { namespace, name }, { uid }, signal);
	}
};

const findRegistry = (
	{ registries }: BackupScheduleDeps,
	schedule: BackupSchedule,
): { readonly registry: Registry | undefined; readonly obstacle: string | undefined } => {
	const key = registryKeyOf(schedule);
	const object = registries.get(key);
	const parsed = object === undefined ? undefined : parseRegistry(object);
	const registry = parsed !== undefined && "resource" in parsed ? parsed.resource : undefined;
	return { registry, obstacle: whyNot(key, registry) };
};

const whyNot = (key: string, registry: Registry | undefined): string | undefined => {
	if (registry === undefined) return `Registry ${key} does not exist, or is not valid`;
	if (registry.metadata.deletionTimestamp !== undefined) return `Registry ${key} is being deleted`;
	return registry.spec.backup === undefined ? `Registry ${key} has no spec.backup` : undefined;
};

const write = (deps: BackupScheduleDeps, object: KubeObject, report: Report, signal: AbortSignal): Promise<void> =>
	reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, report, signal);
