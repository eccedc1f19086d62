import { hash } from "node:crypto";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import { FIELD_MANAGER } from "#/operator/registry/field-manager.ts";
import { covers } from "./covers.ts";
import { keepImmutable } from "./keep-immutable.ts";
import { OWNED_TYPES, ownedTypeOf } from "./owned-types.ts";
import { readPodCounts } from "./read-state.ts";
import { isWorkload } from "./workload.ts";

/** Annotation: which version of our wishes an object was last made for. Without it, a field that is no longer wanted would stay. */
const APPLIED = "limani.dev/applied";

/** How many of our objects are listed at once. */
const PAGE = 500;

/** What became of a Registry's objects. */
export interface Applied {
	/** As they are now. */
	readonly objects: readonly KubeObject[];
	/** Those that are somebody else's and stand where ours should: `Service app-registry`. None: all is as wanted. */
	readonly foreign: readonly string[];
}

/** What is there of a Registry, of the types that it is made of. @throws KubeError */
export const listOwned = async (
	client: Pick<KubeClient, "list">,
	{ namespace, uid }: RegistryRef,
	signal: AbortSignal,
): Promise<readonly KubeObject[]> => {
	const labelSelector = `${OWNER_LABEL}=${uid}`;
	const lists = await Promise.all(
		OWNED_TYPES.map(async (type) => {
			const { items } = await listAll(client, type, { namespace, labelSelector, limit: PAGE }, signal);
			return items;
		}),
	);
	return lists.flat().filter((object) => ownershipOf(object, { label: OWNER_LABEL, uid }) === "ours");
};

/**
 * Makes the objects of a Registry so, writing only what differs, and deletes what is no longer among them. When one of
 * them would take the place of somebody else's, nothing at all is written.
 *
 * @throws KubeError
 */
export const applyObjects = async (
	client: KubeClient,
	registry: RegistryRef,
	wanted: readonly KubeObject[],
	signal: AbortSignal,
): Promise<Applied> => {
	const owned = await listOwned(client, registry, signal);
	const pairs: { readonly wish: KubeObject; readonly present: KubeObject | undefined }[] = [];
	const foreign: string[] = [];
	for (const wish of wanted) {
		const type = ownedTypeOf(wish);
		const present = owned.find((object) => isSame(object, wish)) ?? (await client.find(type, wish.metadata, signal));
		if (ownershipOf(present, { label: OWNER_LABEL, uid: registry.uid }) === "foreign") {
			foreign.push(`${wish.kind} ${wish.metadata.name}`);
		}
		pairs.push({ wish, present });
	}
	if (foreign.length > 0) return { objects: owned, foreign };
	const objects: KubeObject[] = [];
	for (const { wish, present } of pairs) {
		objects.push(await applyObject(client, ownedTypeOf(wish), wish, present, signal));
	}
	for (const object of owned) {
		const isWanted = wanted.some((wish) => isSame(object, wish));
		if (!isWanted && !isStillServing(object, objects)) await deleteOwned(client, object, signal);
	}
	return { objects, foreign };
};

/** Whether that are the pods of before, while those that follow them are not ready. */
const isStillServing = (object: KubeObject, objects: readonly KubeObject[]): boolean => {
	const next = objects.find(isWorkload);
	return isWorkload(object) && next !== undefined && readPodCounts(next)?.problem !== undefined;
};

/** Deletes an object that is ours, and not one that took its name meanwhile. @throws KubeError */
export const deleteOwned = async (client: Pick<KubeClient, "delete">, object: KubeObject, signal: AbortSignal) => {
	const { namespace, name, uid } = object.metadata;
	if (object.metadata.deletionTimestamp !== undefined) return;
	await client.delete(ownedTypeOf(object), { namespace, name }, { uid, propagation: "Background" }, signal);
};

const isSame = (one: KubeObject, other: KubeObject): boolean =>
	one.kind === other.kind && one.metadata.name === other.metadata.name;

/**
 * Makes one object so, writing only when it differs; one that is being deleted is left to that.
 *
 * @param present as it stands; absent: it is made
 * @returns it as it is now
 * @throws KubeError
 */
export const applyObject = async (
	client: Pick<KubeClient, "apply">,
	type: ResourceType,
	wish: KubeObject,
	present: KubeObject | undefined,
	signal: AbortSignal,
): Promise<KubeObject> => {
	const marked = withMark(wish);
	// One that is going has to be gone first; then a new one is made.
	if (present?.metadata.deletionTimestamp !== undefined) return present;
	if (present === undefined) return client.apply(type, marked, { fieldManager: FIELD_MANAGER, force: true }, signal);
	const fitting = keepImmutable(marked, present);
	if (covers(present, fitting)) return present;
	const { uid } = present.metadata;
	// With the uid: only to this very object, should it be another's by now.
	const bound = { ...fitting, metadata: { ...fitting.metadata, ...(uid === undefined ? {} : { uid }) } };
	return client.apply(type, bound, { fieldManager: FIELD_MANAGER, force: true }, signal);
};

/** What is wanted holds no secrets, and neither does its hash. */
const withMark = (wish: KubeObject): KubeObject => {
	const mark = hash("sha256", JSON.stringify(wish), "hex").slice(0, 16);
	const { metadata } = wish;
	return { ...wish, metadata: { ...metadata, annotations: { ...metadata.annotations, [APPLIED]: mark } } };
};
