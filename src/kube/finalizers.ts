import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import type { KubeObject } from "./kube-object.ts";
import type { ResourceType } from "./resource-type.ts";

/** Which finalizer of which object. */
export interface FinalizerPatch {
	readonly client: Pick<KubeClient, "find" | "patch">;
	readonly type: ResourceType;
	/** The object as last seen. */
	readonly object: KubeObject;
	readonly finalizer: string;
	readonly fieldManager: string;
}

const MOST_TRIES = 5;

/** Whether the object waits for that finalizer when it is deleted. */
export const hasFinalizer = ({ metadata }: KubeObject, finalizer: string): boolean =>
	metadata.finalizers?.includes(finalizer) ?? false;

/**
 * Makes an object wait for a finalizer, before the first effect outside. Gives the object as it is then; absent when it
 * is gone, another one has its name, or it is being deleted already: then there must be no effect.
 *
 * @throws KubeError what the API server says
 */
export const addFinalizer = (patch: FinalizerPatch, signal: AbortSignal): Promise<KubeObject | undefined> =>
	patchFinalizers(patch, signal, (object) => {
		if (hasFinalizer(object, patch.finalizer)) return "done";
		return object.metadata.deletionTimestamp === undefined ? additionTo(object, patch.finalizer) : "never";
	});

/**
 * Lets an object go once everything outside is undone. Fine when it is gone, or did not wait.
 *
 * @throws KubeError what the API server says
 */
export const removeFinalizer = async (patch: FinalizerPatch, signal: AbortSignal): Promise<void> => {
	await patchFinalizers(patch, signal, (object) => {
		const index = object.metadata.finalizers?.indexOf(patch.finalizer) ?? -1;
		if (index < 0) return "done";
		const path = `/metadata/finalizers/${index}`;
		return [...same(object), { op: "test", path, value: patch.finalizer }, { op: "remove", path }];
	});
};

/** One operation of a JSON patch (RFC 6902). */
interface Operation {
	readonly op: "add" | "remove" | "test";
	readonly path: string;
	readonly value?: unknown;
}

/** A name may have been given anew since the object was seen. */
const same = ({ metadata: { uid } }: KubeObject): Operation[] => [{ op: "test", path: "/metadata/uid", value: uid }];

const additionTo = (object: KubeObject, finalizer: string): Operation[] => {
	const { finalizers = [], resourceVersion } = object.metadata;
	const path = "/metadata/finalizers";
	if (finalizers.length > 0)
		return [
			...same(object),
			{ op: "test", path, value: finalizers },
			{ op: "add", path: `${path}/-`, value: finalizer },
		];
	// That there is no list cannot be tested for, and adding one would replace that of another who was quicker.
	const unchanged = { op: "test", path: "/metadata/resourceVersion", value: resourceVersion } as const;
	return [...same(object), unchanged, { op: "add", path, value: [finalizer] }];
};

/** A test that fails means that the object is not what it was: it is read and looked at anew. */
const patchFinalizers = async (
	{ client, type, object, fieldManager }: FinalizerPatch,
	signal: AbortSignal,
	planFor: (object: KubeObject) => readonly Operation[] | "done" | "never",
): Promise<KubeObject | undefined> => {
	const { namespace, name, uid } = object.metadata;
	let current = object;
	for (let tries = 1; ; tries++) {
		const plan = planFor(current);
		if (plan === "never") return undefined;
		if (plan === "done") return current;
		try {
			return await client.patch(type, { namespace, name }, { kind: "json", body: plan }, { fieldManager }, signal);
		} catch (error) {
			if (!(error instanceof KubeError)) throw error;
			if (error.code === "NOT_FOUND") return undefined;
			if (tries >= MOST_TRIES || (error.code !== "INVALID" && error.code !== "CONFLICT")) throw error;
			const found = await client.find(type, { namespace, name }, signal);
			if (found === undefined || found.metadata.uid !== uid) return undefined;
			// Nothing changed, so it was not our test that failed.
			if (found.metadata.resourceVersion === current.metadata.resourceVersion) throw error;
			current = found;
		}
	}
};
