import type { KubeObject } from "#/kube/kube-object.ts";

/** One change of one object, in the order in which changes were committed. */
export interface StoreEvent {
	/** The resource version that the change brought. */
	readonly revision: number;
	/** Which table of objects: `group/plural`, `/secrets` for the core group. */
	readonly resource: string;
	/** Empty for cluster-scoped objects. */
	readonly namespace: string;
	readonly name: string;
	/** The object before; absent when it was created. */
	readonly before: KubeObject | undefined;
	/** The object after; absent when it was deleted. */
	readonly after: KubeObject | undefined;
}

/** The last state of an object that an event deleted, at the version of the deletion; else the state after it. */
export const objectOf = ({ revision, before, after }: StoreEvent): KubeObject => {
	if (after !== undefined) return after;
	if (before === undefined) throw new Error("an event is about an object");
	return { ...before, metadata: { ...before.metadata, resourceVersion: String(revision) } };
};
