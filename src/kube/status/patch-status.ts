import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { type JsonObject, mergeDiff } from "./merge-diff.ts";

/** Which status to write. */
export interface StatusPatch {
	readonly client: Pick<KubeClient, "find" | "patch">;
	readonly type: ResourceType;
	/** The object as last seen. */
	readonly object: KubeObject;
	/** The whole status as it is to be, given the object as it is. Asked again when that turns out to have changed. */
	readonly status: (current: KubeObject) => JsonObject;
	readonly fieldManager: string;
}

/** What became of it. */
export interface PatchedStatus {
	readonly object: KubeObject;
	/** False when there was nothing to change. */
	readonly written: boolean;
}

const MOST_TRIES = 5;

/**
 * Writes an object's status by one merge patch of what differs, or not at all when nothing does. The patch holds for
 * the version that it was computed from: when that is not the newest, the object is read and the status computed anew.
 * Absent when the object is gone, or another one has its name.
 *
 * @throws KubeError CONFLICT when others change it again and again
 */
export const patchStatus = async (
	{ client, type, object, status, fieldManager }: StatusPatch,
	signal: AbortSignal,
): Promise<PatchedStatus | undefined> => {
	const { namespace, name, uid } = object.metadata;
	let current = object;
	for (let tries = 1; ; tries++) {
		const diff = mergeDiff(statusOf(current), status(current));
		if (diff === undefined) return { object: current, written: false };
		const body = { metadata: { resourceVersion: current.metadata.resourceVersion }, status: diff };
		const opts = { subresource: "status", fieldManager } as const;
		try {
			const written = await client.patch(type, { namespace, name }, { kind: "merge", body }, opts, signal);
			return { object: written, written: true };
		} catch (error) {
			if (!(error instanceof KubeError)) throw error;
			if (error.code === "NOT_FOUND") return undefined;
			if (error.code !== "CONFLICT" || tries >= MOST_TRIES) throw error;
		}
		const found = await client.find(type, { namespace, name }, signal);
		if (found === undefined || found.metadata.uid !== uid) return undefined;
		current = found;
	}
};

const statusOf = ({ status }: KubeObject): JsonObject => (isObject(status) ? status : {});

const isObject = (value: unknown): value is JsonObject =>
	typeof value === "object" && value !== null && !Array.isArray(value);
