/** What makes the controllers of one kind look when something of another kind, or at a data plane, has changed. */
import { isDeepStrictEqual } from "node:util";
import { INITIAL_PRIORITY, type Source, urgencyOf } from "#/kube/controller/source.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { PlaneChange, Planes } from "./plane/planes.ts";

/**
 * Objects that concern others by a part of them.
 *
 * @param part what matters of an object: nobody is woken while it stays the same
 * @param map the keys of those that an object concerns; asked before and after a change
 */
export const partsOf = (
	name: string,
	store: ObjectStore,
	part: (object: KubeObject) => unknown,
	map: (object: KubeObject) => Iterable<ObjectKey>,
): Source => ({
	name,
	get synced() {
		return store.synced;
	},
	subscribe: (wake) =>
		store.subscribe((change) => {
			const { before, after } = change;
			if (before !== undefined && after !== undefined && isDeepStrictEqual(part(before), part(after))) return;
			const concerned = [before, after].flatMap((object) => (object === undefined ? [] : [...map(object)]));
			for (const key of new Set(concerned)) wake(key, urgencyOf(change));
		}),
});

/** Priority of what a data plane has answered: where thousands are begun, each is ended before others are begun. */
export const ANSWERED_PRIORITY = INITIAL_PRIORITY / 2;

/**
 * What data planes say, which hurries nobody: they answer what was wanted of them, and an object that somebody waits for
 * is urgent until it is settled anyway.
 *
 * @param map the keys of those that a change concerns
 */
export const planeChanges = (
	name: string,
	planes: Pick<Planes, "subscribe">,
	map: (change: PlaneChange) => Iterable<ObjectKey>,
	priority = INITIAL_PRIORITY,
): Source => ({
	name,
	synced: true,
	subscribe: (wake) =>
		planes.subscribe((change) => {
			for (const key of map(change)) wake(key, priority);
		}),
});

/** What matters of a Registry to those who name it. */
export const registryPart = ({ metadata, status }: KubeObject): unknown => [
	metadata.uid,
	metadata.generation,
	metadata.deletionTimestamp,
	typeof status === "object" && status !== null && "url" in status ? status.url : undefined,
];

/** What matters of a Registry's stores of blobs to those whose blobs are there: which of them answer. */
export const storesPart = ({ status }: KubeObject): unknown => {
	const classes: unknown =
		typeof status === "object" && status !== null && "storageClasses" in status ? status.storageClasses : undefined;
	if (!Array.isArray(classes)) return [];
	return classes.map((one: unknown) =>
		typeof one === "object" && one !== null && "name" in one && "available" in one ? [one.name, one.available] : [],
	);
};

/** What matters of a namespace. */
export const namespacePart = ({ metadata }: KubeObject): unknown => [
	metadata.uid,
	metadata.labels,
	metadata.deletionTimestamp,
];

/** What an object asks for. */
export const specPart = ({ metadata }: KubeObject): unknown => [
	metadata.uid,
	metadata.generation,
	metadata.deletionTimestamp,
];

/** The keys of objects. */
export const keysOf = (objects: readonly KubeObject[]): readonly ObjectKey[] =>
	objects.map(({ metadata }) => keyOf(metadata));
