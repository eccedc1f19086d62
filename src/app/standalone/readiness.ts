import { backupKind } from "#/api/kinds/backup.ts";
import { GROUP } from "#/api/kinds/kind-definition.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { conditionsOf } from "#/kube/status/condition.ts";
import { fieldAt } from "#/kube-embedded/json.ts";

/** The stores of our kinds, by kind. */
export type StoresByKind = { readonly [kind: string]: ObjectStore };

/** The registries that run in this process. */
export interface RunningRegistries {
	/** Whether the one of that uid serves. */
	runs(uid: string): boolean;
	/** Tells of each that begins to. */
	onStart(listener: () => void): Disposable;
}

/** One of our resources that is not Ready, and what it says. */
export interface NotReady {
	readonly kind: string;
	readonly key: string;
	readonly message: string;
}

/**
 * Which of these objects are not Ready yet: those of our kinds whose present generation is not. What a Registry says of
 * itself may be of the process before this one, so it must run in this one too, if it is to run at all. A Backup is
 * nothing that a registry serves by: it may take hours, and may have failed.
 *
 * @param objects as they were applied; what was deleted since is waited for no more
 */
export const notReadyOf = (
	objects: readonly KubeObject[],
	stores: StoresByKind,
	registries: Pick<RunningRegistries, "runs">,
): readonly NotReady[] =>
	objects.flatMap(({ apiVersion, kind, metadata }) => {
		if (!apiVersion.startsWith(`${GROUP}/`) || kind === backupKind.kind) return [];
		const key = keyOf(metadata);
		const object = stores[kind]?.get(key);
		if (object === undefined)
			return stores[kind]?.synced === true ? [] : [{ kind, key, message: "it is not seen yet" }];
		const ready = conditionsOf(object).find(({ type }) => type === "Ready");
		const isNow = ready?.status === "True" && ready.observedGeneration === object.metadata.generation;
		if (!isNow) return [{ kind, key, message: ready?.message ?? "nothing was done for it yet" }];
		return isAwaited(object) && !registries.runs(object.metadata.uid ?? "")
			? [{ kind, key, message: "it is about to start" }]
			: [];
	});

/** Whether it is a Registry that is to run. */
const isAwaited = ({ kind, spec }: KubeObject): boolean =>
	kind === registryKind.kind && fieldAt(spec, ["replicas"]) !== 0;

/** Resolves when all of them are Ready; rejects with the signal's reason. */
export const whenReady = async (
	objects: readonly KubeObject[],
	stores: StoresByKind,
	registries: RunningRegistries,
	signal: AbortSignal,
): Promise<void> => {
	using subscriptions = new DisposableStack();
	const { promise, resolve, reject } = Promise.withResolvers<void>();
	const look = (): void => {
		if (notReadyOf(objects, stores, registries).length === 0) resolve();
	};
	subscriptions.use(registries.onStart(look));
	for (const store of Object.values(stores)) subscriptions.use(store.subscribe(look));
	const abort = (): void => reject(signal.reason);
	signal.addEventListener("abort", abort, { once: true });
	subscriptions.defer(() => signal.removeEventListener("abort", abort));
	if (signal.aborted) abort();
	look();
	await promise;
};
