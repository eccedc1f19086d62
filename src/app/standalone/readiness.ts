import { GROUP } from "#/api/kinds/kind-definition.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { conditionsOf } from "#/kube/status/condition.ts";

/** The stores of our kinds, by kind. */
export type StoresByKind = { readonly [kind: string]: ObjectStore };

/** One of our resources that is not Ready, and what it says. */
export interface NotReady {
	readonly kind: string;
	readonly key: string;
	readonly message: string;
}

/**
 * Which of these objects are not Ready yet: those of our kinds whose present generation is not.
 *
 * @param objects as they were applied; what was deleted since is waited for no more
 */
export const notReadyOf = (objects: readonly KubeObject[], stores: StoresByKind): readonly NotReady[] =>
	objects.flatMap(({ apiVersion, kind, metadata }) => {
		if (!apiVersion.startsWith(`${GROUP}/`)) return [];
		const key = keyOf(metadata);
		const object = stores[kind]?.get(key);
		if (object === undefined)
			return stores[kind]?.synced === true ? [] : [{ kind, key, message: "it is not seen yet" }];
		const ready = conditionsOf(object).find(({ type }) => type === "Ready");
		const isNow = ready?.status === "True" && ready.observedGeneration === object.metadata.generation;
		return isNow ? [] : [{ kind, key, message: ready?.message ?? "nothing was done for it yet" }];
	});

/** Resolves when all of them are Ready; rejects with the signal's reason. */
export const whenReady = async (
	objects: readonly KubeObject[],
	stores: StoresByKind,
	signal: AbortSignal,
): Promise<void> => {
	using subscriptions = new DisposableStack();
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const look = (): void => {
		if (notReadyOf(objects, stores).length === 0) resolve();
	};
	for (const store of Object.values(stores)) subscriptions.use(store.subscribe(look));
	const abort = (): void => reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	subscriptions.defer(() => signal.removeEventListener("abort", abort));
	if (signal.aborted) abort();
	look();
	await promise;
};
