import type { KubeObject } from "#/kube/kube-object.ts";

/** Annotation: a new value asks for one look at once; the status repeats it when that is done. */
export const REQUESTED_AT = "limani.dev/requestedAt";

/** Annotation: with the same value as {@link REQUESTED_AT}, a robot gets a new credential, once for each value. */
export const FORCE_AT = "limani.dev/forceAt";

/** Whether somebody asks for a look at a resource that its status does not say was had. */
export const isRequested = ({ metadata, status }: KubeObject): boolean => {
	const requestedAt = metadata.annotations?.[REQUESTED_AT];
	if (requestedAt === undefined) return false;
	const isTold = typeof status === "object" && status !== null && "lastHandledRequestedAt" in status;
	return !isTold || status.lastHandledRequestedAt !== requestedAt;
};
