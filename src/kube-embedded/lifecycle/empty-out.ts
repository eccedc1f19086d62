import type { KubeObject } from "#/kube/kube-object.ts";
import { withField } from "#/kube-embedded/json.ts";
import type { KindRegistry } from "#/kube-embedded/kinds/kind-registry.ts";
import type { EmbeddedStore } from "#/kube-embedded/store/embedded-store.ts";
import type { StoredRef, Transaction } from "#/kube-embedded/store/transaction.ts";
import { CRD_CLEANUP } from "#/kube-embedded/verbs/crd-status.ts";
import { deleteIn } from "#/kube-embedded/verbs/delete.ts";
import { finalize, settle } from "./finalize.ts";

/** What emptying needs. */
export interface EmptyOutDeps {
	readonly store: Pick<EmbeddedStore, "resources">;
	readonly kinds: KindRegistry;
	/** Milliseconds since 1970. */
	readonly now: () => number;
}

/** So many are deleted in one transaction: while it lasts nobody else is answered. */
const DELETED_TOGETHER = 50;

/** What there is to say of emptying: `more` is to be deleted, or some `wait` for their finalizers, or nothing is left. */
type Emptied = "more" | "waits" | "empty";

/** Deletes some objects of a table, of one namespace if it is named. */
const deleteSome = (
	transaction: Transaction,
	resource: string,
	namespace: string | undefined,
	deps: EmptyOutDeps,
): Emptied => {
	const kind = deps.kinds.findStored(resource);
	if (kind === undefined) return "empty";
	const some = transaction.staying(resource, namespace, DELETED_TOGETHER);
	for (const { metadata } of some) {
		const target = { kind, namespace: metadata.namespace ?? "", name: metadata.name };
		deleteIn(transaction, target, { propagation: "Background", dryRun: false }, deps);
	}
	if (some.length === DELETED_TOGETHER) return "more";
	return transaction.list({ resource, namespace, limit: 1 }).length === 0 ? "empty" : "waits";
};

const find = (transaction: Transaction, ref: StoredRef): KubeObject | undefined => {
	const object = transaction.find(ref);
	return object?.metadata.deletionTimestamp === undefined ? undefined : object;
};

/**
 * Deletes some of what is in a namespace that is to be deleted, and in the end the namespace.
 *
 * @returns whether there is more to delete at once
 */
export const emptyNamespace = (transaction: Transaction, name: string, deps: EmptyOutDeps): boolean => {
	const ref = { resource: "/namespaces", namespace: "", name };
	const namespace = find(transaction, ref);
	if (namespace === undefined) return false;
	let isEmpty = true;
	for (const resource of deps.store.resources()) {
		const emptied = deleteSome(transaction, resource, name, deps);
		if (emptied === "more") return true;
		isEmpty &&= emptied === "empty";
	}
	if (isEmpty) settle(transaction, ref, { ...namespace, ...withField(namespace, ["spec", "finalizers"], []) });
	return false;
};

/**
 * Deletes some of the objects of a definition that is to be deleted, and in the end the definition.
 *
 * @returns whether there is more to delete at once
 */
export const emptyDefinition = (transaction: Transaction, name: string, deps: EmptyOutDeps): boolean => {
	const ref = { resource: "apiextensions.k8s.io/customresourcedefinitions", namespace: "", name };
	const crd = find(transaction, ref);
	if (crd === undefined || crd.metadata.finalizers?.includes(CRD_CLEANUP) !== true) return false;
	const dot = name.indexOf(".");
	const resource = `${name.slice(dot + 1)}/${name.slice(0, dot)}`;
	const emptied = deleteSome(transaction, resource, undefined, deps);
	if (emptied === "empty") finalize(transaction, ref, crd, CRD_CLEANUP);
	return emptied === "more";
};
