import type { KubeObject, ObjectKey } from "./kube-object.ts";

/** A change of one object, as a store's listeners see it: both absent never happens. */
export interface ObjectChange {
	readonly key: ObjectKey;
	/** Absent: it was added. */
	readonly before: KubeObject | undefined;
	/** Absent: it was deleted. One made anew under the same name is told as a deletion and an addition. */
	readonly after: KubeObject | undefined;
	/** Part of the first list, or unchanged in a later one: nothing that somebody waits for. */
	readonly initial: boolean;
}

/**
 * The objects of one type as last seen, kept up by a reflector. Objects are frozen, without `managedFields` and
 * kubectl's last-applied annotation. May be behind the API server, never ahead of it.
 */
export interface ObjectStore {
	/** Whether the first list is in it. */
	readonly synced: boolean;
	get(key: ObjectKey): KubeObject | undefined;
	list(): Iterable<KubeObject>;
	/** The objects for which the index function of that name gave `value`. */
	by(index: string, value: string): readonly KubeObject[];
	/** Tells of every change from now on. What the listener throws is reported and stops nobody. */
	subscribe(listener: (change: ObjectChange) => void): Disposable;
}

/** Values under which an object is found again. */
export type IndexFunction = (object: KubeObject) => readonly string[];
