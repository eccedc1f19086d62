import { type KubeObject, type ObjectKey, splitKey } from "#/kube/kube-object.ts";
import type { ObjectChange, ObjectStore } from "#/kube/object-store.ts";

/** The objects of one type in several namespaces, each of which has a store of its own, as if they were one. */
export class CombinedStore implements ObjectStore {
	readonly #byNamespace: ReadonlyMap<string, ObjectStore>;

	/** @param byNamespace stores of namespaced objects by their namespaces */
	constructor(byNamespace: ReadonlyMap<string, ObjectStore>) {
		this.#byNamespace = byNamespace;
	}

	get synced(): boolean {
		return this.#all.every(({ synced }) => synced);
	}

	get(key: ObjectKey): KubeObject | undefined {
		return this.#byNamespace.get(splitKey(key).namespace ?? "")?.get(key);
	}

	*list(): Iterable<KubeObject> {
		for (const store of this.#all) yield* store.list();
	}

	by(index: string, value: string): readonly KubeObject[] {
		return this.#all.flatMap((store) => store.by(index, value));
	}

	subscribe(listener: (change: ObjectChange) => void): Disposable {
		const subscriptions = new DisposableStack();
		for (const store of this.#all) subscriptions.use(store.subscribe(listener));
		return subscriptions;
	}

	get #all(): readonly ObjectStore[] {
		return [...this.#byNamespace.values()];
	}
}
