/** Backup: has the registry make it, once, and writes down what came of it. */
import { formatInstant } from "#/api/fields/instants.ts";
import { type Backup, parseBackup } from "#/api/kinds/backup.ts";
import { addFinalizer, hasFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Reconcile, ReconcileResult } from "#/kube/reconciler.ts";
import { FINALIZER } from "#/operator/finalizer.ts";
import type { Standing } from "#/operator/plane/observations.ts";
import { archiveDigest } from "#/operator/registry/archive-digest.ts";
import { isReported, type Report, type ReportDeps, reportVerdict } from "#/operator/report-verdict.ts";
import { stillOf, tellingRefusals } from "#/operator/tell-refusals.ts";
import { type Binding, type BindingDeps, findBinding, whyItStays } from "#/operator/tenancy/find-binding.ts";
import { type BackupFields, fieldsOfRun, isOver, judgeBackup, readBackupRun } from "./judge-backup.ts";

/** What the Backup controller works with. */
export interface BackupDeps extends Omit<ReportDeps, "fieldManager">, BindingDeps {
	readonly backups: ObjectStore;
}

/** Who writes, in `managedFields`. */
const FIELD_MANAGER = "limani-backup";

/** How soon is looked again for what nobody may tell of, milliseconds. */
const WAIT_MS = 15_000;

/** Has one Backup made. */
export const createBackupReconcile = (deps: BackupDeps): Reconcile =>
	tellingRefusals(
		{ ...deps, fieldManager: FIELD_MANAGER },
		(key) => deps.backups.get(key),
		async (key, signal) => {
			const object = deps.backups.get(key);
			if (object === undefined) return {};
			const parsed = parseBackup(object);
			if ("invalid" in parsed) {
				const verdict = { is: "Stalled", reason: "InvalidSpec", message: parsed.invalid } as const;
				await write(deps, object, { verdict, ...stillOf(object) }, signal);
				return {};
			}
			const looked = { object, backup: parsed.resource, binding: findBinding(deps, parsed.resource) };
			const isLeaving = object.metadata.deletionTimestamp !== undefined;
			if (isLeaving || isOver(parsed.resource.status)) return await part(deps, looked, signal);
			if (looked.binding.unseen && isReported(object)) return { againMs: WAIT_MS };
			return await keep(deps, looked, signal);
		},
	);

interface Looked {
	readonly object: KubeObject;
	readonly backup: Backup;
	readonly binding: Binding;
}

const keep = async (deps: BackupDeps, looked: Looked, signal: AbortSignal): Promise<ReconcileResult> => {
	const { object, backup, binding } = looked;
	const { link } = binding;
	const obstacle = binding.obstacle ?? whyNoArchive(binding);
	// What is wanted once stays wanted until it came to its end, whatever becomes of the archive meanwhile.
	const isThere = link?.synced === true && link.withdraw(backup.metadata.uid);
	const hasBegun = backup.status.startedAt !== undefined;
	let standing: Standing | undefined;
	if (isThere || (obstacle === undefined && link?.synced === true && !hasBegun)) {
		if (!(await mayBegin(deps, object, isThere, signal))) return { againMs: WAIT_MS };
		standing = link.want({ kind: "Backup", uid: backup.metadata.uid, spec: { name: keyOf(backup.metadata) } });
	}
	const isLost = hasBegun && !isThere && (link?.synced === true || binding.gone);
	const run = readBackupRun(link?.find(backup.metadata.uid)?.report);
	const told = isLost ? lostFields(deps, backup) : run === undefined ? standingOf(backup) : fieldsOfRun(run);
	const fields = told.startedAt === undefined ? told : { ...told, ...placed(looked) };
	const verdict = judgeBackup({ obstacle: isThere ? undefined : obstacle, link, standing, fields });
	await write(deps, object, { verdict, fields }, signal);
	return verdict.is === "Working" ? { againMs: WAIT_MS } : {};
};

/**
 * Whether a Backup may be wanted of the data plane. What the cache has may be older than its end, and one that is begun
 * again would be another backup: before it is first wanted the API server is asked.
 */
const mayBegin = async (
	deps: BackupDeps,
	object: KubeObject,
	isThere: boolean,
	signal: AbortSignal,
): Promise<boolean> => {
	if (isThere) return (await addFinalizer(finalizing(deps, object), signal)) !== undefined;
	const { namespace, name, uid } = object.metadata;
	const current = await deps.client.find(deps.type, { namespace, name }, signal);
	if (current === undefined || current.metadata.uid !== uid) return false;
	const kept = await addFinalizer(finalizing(deps, current), signal);
	const parsed = kept === undefined ? undefined : parseBackup(kept);
	return parsed !== undefined && "resource" in parsed && parsed.resource.status.startedAt === undefined;
};

/** One that came to its end, or is not wanted any more: the data plane forgets it, and then it may go. */
const part = async (
	deps: BackupDeps,
	{ object, backup, binding }: Looked,
	signal: AbortSignal,
): Promise<ReconcileResult> => {
	if (!hasFinalizer(object, FINALIZER)) return {};
	const { link, gone } = binding;
	const isLeaving = object.metadata.deletionTimestamp !== undefined;
	const isDropped = gone || link?.drop(backup.metadata.uid) === true;
	// What is over does nothing at a data plane that does not answer, and is cleared away when it does.
	if (isDropped || (isLeaving && isOver(backup.status))) {
		await removeFinalizer(finalizing(deps, object), signal);
		return {};
	}
	if (!isLeaving) return link === undefined ? {} : { againMs: WAIT_MS };
	if (binding.unseen && isReported(object)) return { againMs: WAIT_MS };
	const message = whyItStays(binding) ?? "waiting until the registry no longer makes it";
	const verdict = { is: "Working", reason: "Deleting", message } as const;
	await write(deps, object, { verdict, ...stillOf(object) }, signal);
	return { againMs: WAIT_MS };
};

const whyNoArchive = ({ registry }: Binding): Binding["obstacle"] => {
	if (registry === undefined || registry.spec.backup !== undefined) return undefined;
	const message = `Registry ${keyOf(registry.metadata)} has no spec.backup: there is nowhere to put it`;
	return { reason: "DependencyNotReady", message };
};

/** Where it is, as the Registry said when it was first seen to have begun: another place is another archive. */
const placed = ({ backup: { status }, binding: { registry } }: Looked): BackupFields => {
	const place = registry?.spec.backup?.archive;
	const digest = status.archiveDigest ?? (place === undefined ? undefined : archiveDigest(place));
	return digest === undefined ? {} : { archiveDigest: digest };
};

const standingOf = ({ status: { startedAt, instance } }: Backup): BackupFields => ({
	...(startedAt === undefined ? {} : { startedAt }),
	...(instance === undefined ? {} : { instance }),
});

const lostFields = ({ now }: Pick<BackupDeps, "now">, backup: Backup): BackupFields => ({
	...standingOf(backup),
	stoppedAt: formatInstant(now()),
	error: "the registry that began it does not know of it any more",
});

const write = (deps: BackupDeps, object: KubeObject, report: Report, signal: AbortSignal): Promise<void> =>
	reportVerdict({ ...deps, fieldManager: FIELD_MANAGER }, object, report, signal);

const finalizing = ({ client, type }: BackupDeps, object: KubeObject) => ({
	client,
	type,
	object,
	finalizer: FINALIZER,
	fieldManager: FIELD_MANAGER,
});
