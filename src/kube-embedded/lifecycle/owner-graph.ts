import type { KubeObject } from "#/kube/kube-object.ts";
import { listAt, textAt } from "#/kube-embedded/json.ts";
import type { StoredRef } from "#/kube-embedded/store/transaction.ts";

const keyOf = ({ resource, namespace, name }: StoredRef): string => `${resource} ${namespace} ${name}`;

const ownersOf = (object: KubeObject | undefined): readonly string[] =>
	listAt(object, "metadata", "ownerReferences").map((owner) => textAt(owner, "uid") ?? "");

/** Who names whom as an owner, as of the last commit. */
export class OwnerGraph {
	readonly #dependents = new Map<string, Map<string, StoredRef>>();

	/** Takes note of a change of an object. */
	note(ref: StoredRef, before: KubeObject | undefined, after: KubeObject | undefined): void {
		const key = keyOf(ref);
		for (const uid of ownersOf(before)) {
			const dependents = this.#dependents.get(uid);
			dependents?.delete(key);
			if (dependents?.size === 0) this.#dependents.delete(uid);
		}
		for (const uid of ownersOf(after)) {
			const dependents = this.#dependents.get(uid) ?? new Map<string, StoredRef>();
			this.#dependents.set(uid, dependents.set(key, ref));
		}
	}

	/** Those that name this object as an owner. */
	dependentsOf(uid: string): readonly StoredRef[] {
		return [...(this.#dependents.get(uid)?.values() ?? [])];
	}
}
