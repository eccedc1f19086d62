import type { KubeObject } from "#/kube/kube-object.ts";
import { conditionsOf } from "#/kube/status/condition.ts";

/** The words of kstatus for an object that exists. */
export type Kstatus = "InProgress" | "Current" | "Failed" | "Terminating";

/**
 * The status that kstatus (sigs.k8s.io/cli-utils, with which Flux and kpt wait) computes of a custom resource: by its
 * generic properties first, in this order, then by Ready, and an object without any of these is Current.
 */
export const computeKstatus = (object: KubeObject): Kstatus => {
	const { deletionTimestamp, generation } = object.metadata;
	if (deletionTimestamp !== undefined) return "Terminating";
	const observed = Object(object.status).observedGeneration;
	if (generation !== undefined && observed !== undefined && observed !== generation) return "InProgress";
	const conditions = conditionsOf(object);
	// The first of these two that is True counts, in the order of the list.
	const standard = conditions.find(
		({ type, status }) => (type === "Reconciling" || type === "Stalled") && status === "True",
	);
	if (standard !== undefined) return standard.type === "Stalled" ? "Failed" : "InProgress";
	const ready = conditions.find(({ type }) => type === "Ready");
	return ready === undefined || ready.status === "True" ? "Current" : "InProgress";
};
