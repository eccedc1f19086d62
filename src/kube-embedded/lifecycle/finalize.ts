import type { KubeObject } from "#/kube/kube-object.ts";
import type { StoredRef, Transaction } from "#/kube-embedded/store/transaction.ts";
import { isFree } from "#/kube-embedded/verbs/update.ts";

/** Stores an object that changed, or takes it away if nothing keeps it any more that is to be deleted. */
export const settle = (transaction: Transaction, ref: StoredRef, object: KubeObject): void => {
	if (isFree(object)) transaction.remove(ref, object);
	else transaction.put(ref.resource, object);
};

/** Takes a finalizer off an object. */
export const finalize = (transaction: Transaction, ref: StoredRef, live: KubeObject, finalizer: string): void => {
	const { finalizers = [], ...metadata } = live.metadata;
	const kept = finalizers.filter((other) => other !== finalizer);
	settle(transaction, ref, { ...live, metadata: { ...metadata, ...(kept.length === 0 ? {} : { finalizers: kept }) } });
};
