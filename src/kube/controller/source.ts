import { isDeepStrictEqual } from "node:util";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectChange, ObjectStore } from "#/kube/object-store.ts";
import { controllerOf } from "#/kube/owner-references.ts";
import type { ResourceType } from "#/kube/resource-type.ts";

/** Priority of what nobody waits for: the first list, and the echo of a status that was just written. */
export const INITIAL_PRIORITY = -100;

/** Says that an object is to be looked at. @defaultValue of the priority: 0 */
type Wake = (key: ObjectKey, priority?: number) => void;

/** Something whose changes make a controller look at objects of its kind. */
export interface Source {
	/** For people: what it is of. */
	readonly name: string;
	/** Whether all that it would tell of at the start is known. */
	readonly synced: boolean;
	/** Tells of all there is, and then of each change until disposed. */
	subscribe(wake: Wake): Disposable;
}

/** The controller's own kind, see {@link urgencyOf}. */
export const ownKind = (name: string, store: ObjectStore): Source => sourceOf(name, store, selfOf, urgencyOf);

/** How urgent a change is. One of nothing but status and finalizers hurries nobody: it is nearly always our own. */
export const urgencyOf = (change: ObjectChange): number => (change.initial || isEcho(change) ? INITIAL_PRIORITY : 0);

/** Objects that belong to one of `kind` in their namespace, by their controller reference (of any version). */
export const ownedObjects = (name: string, store: ObjectStore, kind: Pick<ResourceType, "group" | "kind">): Source =>
	mappedObjects(name, store, (object) => {
		const owner = controllerOf(object);
		if (owner === undefined || owner.kind !== kind.kind || groupOf(owner.apiVersion) !== kind.group) return [];
		return [keyOf({ namespace: object.metadata.namespace, name: owner.name })];
	});

/**
 * Objects that concern others in any way.
 *
 * @param map the keys of those that an object concerns; asked before and after a change, so that both sides are woken
 * when it comes to concern another
 * @param priorityOf of a change after the start; absent: all are urgent
 */
export const mappedObjects = (
	name: string,
	store: ObjectStore,
	map: (object: KubeObject) => Iterable<ObjectKey>,
	priorityOf: (change: ObjectChange) => number = () => 0,
): Source => sourceOf(name, store, map, priorityOf);

const sourceOf = (
	name: string,
	store: ObjectStore,
	map: (object: KubeObject) => Iterable<ObjectKey>,
	priorityOf: (change: ObjectChange) => number,
): Source => ({
	name,
	get synced() {
		return store.synced;
	},
	subscribe: (wake) => {
		const subscription = store.subscribe((change) => {
			const priority = change.initial ? INITIAL_PRIORITY : priorityOf(change);
			for (const key of keysOf(change, map)) wake(key, priority);
		});
		for (const object of store.list()) {
			for (const key of map(object)) wake(key, INITIAL_PRIORITY);
		}
		return subscription;
	},
});

const selfOf = ({ metadata }: KubeObject): Iterable<ObjectKey> => [keyOf(metadata)];

const keysOf = (
	{ before, after }: ObjectChange,
	map: (object: KubeObject) => Iterable<ObjectKey>,
): ReadonlySet<ObjectKey> => {
	const keys = new Set<ObjectKey>();
	for (const object of [before, after]) {
		if (object === undefined) continue;
		for (const key of map(object)) keys.add(key);
	}
	return keys;
};

/** Kinds without a generation say nothing of what changed. */
const isEcho = ({ before, after }: ObjectChange): boolean =>
	before !== undefined &&
	after?.metadata.generation !== undefined &&
	isDeepStrictEqual(wantedPart(before), wantedPart(after));

const wantedPart = ({ metadata }: KubeObject): unknown[] => [
	metadata.uid,
	metadata.generation,
	metadata.labels,
	metadata.annotations,
	metadata.ownerReferences,
	metadata.deletionTimestamp,
];

const groupOf = (apiVersion: string): string => {
	const slash = apiVersion.indexOf("/");
	return slash < 0 ? "" : apiVersion.slice(0, slash);
};
