import type { KubeObject, OwnerReference } from "#/kube/kube-object.ts";
import type { KindRegistry } from "#/kube-embedded/kinds/kind-registry.ts";
import type { StoredRef, Transaction } from "#/kube-embedded/store/transaction.ts";
import { deleteIn, FOREGROUND, ORPHAN } from "#/kube-embedded/verbs/delete.ts";
import { finalize } from "./finalize.ts";
import type { OwnerGraph } from "./owner-graph.ts";

/** What the garbage collector looks at. */
export interface CollectDeps {
	readonly kinds: KindRegistry;
	readonly graph: OwnerGraph;
	/** Milliseconds since 1970. */
	readonly now: () => number;
}

/** What an owner is to its dependent: there; gone, or another of that name; there until its dependents are gone. */
type OwnerState = "solid" | "dangling" | "waiting";

const hasFinalizer = ({ metadata }: KubeObject, finalizer: string): boolean =>
	metadata.finalizers?.includes(finalizer) === true;

const isWaiting = (owner: KubeObject): boolean =>
	owner.metadata.deletionTimestamp !== undefined && hasFinalizer(owner, FOREGROUND);

const stateOf = (
	transaction: Transaction,
	reference: OwnerReference,
	namespace: string,
	{ kinds }: CollectDeps,
): OwnerState => {
	const slash = reference.apiVersion.indexOf("/");
	const kind = kinds.findKind(slash < 0 ? "" : reference.apiVersion.slice(0, slash), reference.kind);
	// Of kinds that are not served nobody knows who is there: what they own is let be.
	if (kind === undefined) return "solid";
	const place = kind.type.namespaced ? namespace : "";
	const owner = transaction.find({ resource: kind.storage, namespace: place, name: reference.name });
	if (owner === undefined || owner.metadata.uid !== reference.uid) return "dangling";
	return isWaiting(owner) ? "waiting" : "solid";
};

const dependentsOf = (transaction: Transaction, owner: KubeObject, { graph }: CollectDeps) =>
	graph.dependentsOf(owner.metadata.uid ?? "").flatMap((ref) => {
		const object = transaction.find(ref);
		const reference = object?.metadata.ownerReferences?.find(({ uid }) => uid === owner.metadata.uid);
		return object === undefined || reference === undefined ? [] : [{ ref, object, reference }];
	});

const disown = (transaction: Transaction, ref: StoredRef, object: KubeObject, uids: readonly string[]): void => {
	const { ownerReferences = [], ...metadata } = object.metadata;
	const kept = ownerReferences.filter(({ uid }) => !uids.includes(uid));
	const next = { ...metadata, ...(kept.length === 0 ? {} : { ownerReferences: kept }) };
	transaction.put(ref.resource, { ...object, metadata: next });
};

/** What an owner on its way out waits for: dependents that block it, or that are to be set free. */
const release = (transaction: Transaction, ref: StoredRef, owner: KubeObject, deps: CollectDeps): void => {
	const dependents = dependentsOf(transaction, owner, deps);
	if (hasFinalizer(owner, ORPHAN)) {
		for (const dependent of dependents) {
			disown(transaction, dependent.ref, dependent.object, [owner.metadata.uid ?? ""]);
		}
		finalize(transaction, ref, owner, ORPHAN);
	} else if (hasFinalizer(owner, FOREGROUND)) {
		const blocking = dependents.some(({ reference }) => reference.blockOwnerDeletion === true);
		if (!blocking) finalize(transaction, ref, owner, FOREGROUND);
	}
};

/** Does what the owner references of an object, or those to it, ask for. Done again when one of them changes. */
export const collect = (transaction: Transaction, ref: StoredRef, deps: CollectDeps): void => {
	const object = transaction.find(ref);
	if (object === undefined) return;
	if (object.metadata.deletionTimestamp === undefined) keepOrDelete(transaction, ref, object, deps);
	else release(transaction, ref, object, deps);
};

const keepOrDelete = (transaction: Transaction, ref: StoredRef, object: KubeObject, deps: CollectDeps): void => {
	const owners = object.metadata.ownerReferences ?? [];
	const kind = deps.kinds.findStored(ref.resource);
	if (owners.length === 0 || kind === undefined) return;
	const states = owners.map((owner) => ({ owner, state: stateOf(transaction, owner, ref.namespace, deps) }));
	const lost = states.filter(({ state }) => state !== "solid");
	if (lost.length === 0) return;
	if (lost.length < owners.length) {
		const uids = lost.map(({ owner }) => owner.uid);
		disown(transaction, ref, object, uids);
		return;
	}
	const waits = lost.some(({ state }) => state === "waiting");
	const owns = deps.graph.dependentsOf(object.metadata.uid ?? "").length > 0;
	const propagation = waits && owns ? "Foreground" : undefined;
	deleteIn(transaction, { kind, namespace: ref.namespace, name: ref.name }, { propagation, dryRun: false }, deps);
};
