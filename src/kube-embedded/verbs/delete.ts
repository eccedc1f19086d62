import type { KubeObject } from "#/kube/kube-object.ts";
import { isRecord } from "#/kube-embedded/json.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { conflict, notFound } from "#/kube-embedded/status-error.ts";
import type { Transaction } from "#/kube-embedded/store/transaction.ts";
import { CRD_CLEANUP } from "./crd-status.ts";
import { isFree } from "./update.ts";
import { type Target, timestamp, type VerbDeps } from "./verb-deps.ts";

/** Finalizers by which the garbage collector holds an owner until its dependents are gone, or set free. */
export const FOREGROUND = "foregroundDeletion";
export const ORPHAN = "orphan";

/** How an object is to be deleted. */
export interface DeleteSettings {
	readonly propagation: "Background" | "Foreground" | "Orphan" | undefined;
	readonly uid?: unknown;
	readonly resourceVersion?: unknown;
	readonly dryRun: boolean;
}

/** What became of it: gone at once, or waiting for its finalizers. */
export interface Deleted {
	readonly object: KubeObject;
	readonly gone: boolean;
}

const finalizersFor = (target: Target, live: KubeObject, propagation: DeleteSettings["propagation"]): string[] => {
	const before = live.metadata.finalizers ?? [];
	const others = before.filter((finalizer) => finalizer !== FOREGROUND && finalizer !== ORPHAN);
	const isDefinition = target.kind.type.kind === "CustomResourceDefinition" && target.kind.crd === undefined;
	const cleanup = isDefinition && live.metadata.deletionTimestamp === undefined ? [CRD_CLEANUP] : [];
	const kept = new Set([...(propagation === undefined ? before : others), ...cleanup]);
	if (propagation === "Foreground") kept.add(FOREGROUND);
	if (propagation === "Orphan") kept.add(ORPHAN);
	return [...kept];
};

/** The object as it is while it waits to be deleted. */
const doomed = (target: Target, live: KubeObject, finalizers: readonly string[], now: string): KubeObject => {
	const { metadata } = live;
	const begun = metadata.deletionTimestamp !== undefined;
	const generation = target.kind.hasGeneration ? { generation: (metadata.generation ?? 0) + (begun ? 0 : 1) } : {};
	const { finalizers: _before, ...others } = metadata;
	const marked: KubeObject = {
		...live,
		metadata: {
			...others,
			...generation,
			deletionTimestamp: metadata.deletionTimestamp ?? now,
			...{ deletionGracePeriodSeconds: 0 },
			...(finalizers.length === 0 ? {} : { finalizers }),
		},
	};
	if (target.kind.storage !== "/namespaces") return marked;
	return { ...marked, status: { ...(isRecord(live.status) ? live.status : {}), phase: "Terminating" } };
};

const sameList = (one: readonly string[], other: readonly string[]): boolean =>
	one.length === other.length && one.every((entry) => other.includes(entry));

/** Refuses to delete another version, or another object of that name, than is meant. @throws StatusError Conflict */
const checkDeletable = (kind: ServedKind, { metadata }: KubeObject, { uid, resourceVersion }: DeleteSettings): void => {
	const type = { ...kind.type, plural: kind.type.kind };
	if (typeof uid === "string" && uid !== metadata.uid) {
		const why = `the UID in the precondition (${uid}) does not match the UID in record (${metadata.uid}). The object might have been deleted and then recreated`;
		throw conflict(type, metadata.name, why);
	}
	if (typeof resourceVersion === "string" && resourceVersion !== metadata.resourceVersion) {
		const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${metadata.resourceVersion}). The object might have been modified`;
		throw conflict(type, metadata.name, why);
	}
};

/** Deletes an object within a transaction, or marks it where something still holds it. @throws StatusError */
export const deleteIn = (
	transaction: Transaction,
	target: Target,
	settings: DeleteSettings,
	deps: Pick<VerbDeps, "now">,
): Deleted => {
	const { kind, namespace, name } = target;
	const ref = { resource: kind.storage, namespace, name };
	const live = transaction.find(ref);
	if (live === undefined) throw notFound(kind.type, name);
	checkDeletable(kind, live, settings);
	const finalizers = finalizersFor(target, live, settings.propagation);
	const next = doomed(target, live, finalizers, timestamp(deps.now()));
	const gone = isFree(next);
	const begun = live.metadata.deletionTimestamp !== undefined;
	const idle = begun && !gone && sameList(finalizers, live.metadata.finalizers ?? []);
	if (settings.dryRun || idle) return { object: kind.fromStored(settings.dryRun ? next : live), gone };
	const done = gone ? transaction.remove(ref) : transaction.put(kind.storage, next);
	return { object: kind.fromStored(done ?? next), gone };
};
