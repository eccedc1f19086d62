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

/** Deletes all objects of a table, of one namespace if it is named. Gives how many are still there. */
const deleteAll = (
	transaction: Transaction,
	resource: string,
	namespace: string | undefined,
	deps: EmptyOutDeps,
): number => {
	const kind = deps.kinds.findStored(resource);
	if (kind === undefined) return 0;
	for (const { metadata } of transaction.list({ resource, namespace })) {
		if (metadata.deletionTimestamp !== undefined) continue;
		const target = { kind, namespace: metadata.namespace ?? "", name: metadata.name };
		deleteIn(transaction, target, { propagation: "Background", dryRun: false }, deps);
	}
	return transaction.list({ resource, namespace }).length;
};

const find = (transaction: Transaction, ref: StoredRef): KubeObject | undefined => {
	const object = transaction.find(ref);
	return object?.metadata.deletionTimestamp === undefined ? undefined : object;
};

/** Deletes what is in a namespace that is to be deleted, and then the namespace. */
export const emptyNamespace = (transaction: Transaction, name: string, deps: EmptyOutDeps): void => {
	const ref = { resource: "/namespaces", namespace: "", name };
	const namespace = find(transaction, ref);
	if (namespace === undefined) return;
	const left = deps.store.resources().reduce((sum, resource) => sum + deleteAll(transaction, resource, name, deps), 0);
	if (left === 0) settle(transaction, ref, { ...namespace, ...withField(namespace, ["spec", "finalizers"], []) });
};

/** Deletes the objects of a definition that is to be deleted, and then the definition. */
export const emptyDefinition = (transaction: Transaction, name: string, deps: EmptyOutDeps): void => {
	const ref = { resource: "apiextensions.k8s.io/customresourcedefinitions", namespace: "", name };
	const crd = find(transaction, ref);
	if (crd === undefined || crd.metadata.finalizers?.includes(CRD_CLEANUP) !== true) return;
	const dot = name.indexOf(".");
	const resource = `${name.slice(dot + 1)}/${name.slice(0, dot)}`;
	if (deleteAll(transaction, resource, undefined, deps) === 0) finalize(transaction, ref, crd, CRD_CLEANUP);
};
