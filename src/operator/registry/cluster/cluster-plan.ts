import type { OwnerReference } from "#/kube/kube-object.ts";
import { labelsOf } from "./names.ts";
import type { PodPlan } from "./pod-plan.ts";

/** What the objects of a Registry are made of. */
export interface ClusterPlan extends PodPlan {
	readonly owner: OwnerReference;
	/** Labels of the operator's namespace and pods, which alone may reach the control port. */
	readonly operator: { readonly namespace: string; readonly labels: { readonly [label: string]: string } };
}

/** Metadata of an object that is made for a Registry and goes with it. */
export const metadataOf = (
	{ registry, owner }: ClusterPlan,
	name: string,
	annotations?: { readonly [key: string]: string },
) => ({
	name,
	namespace: registry.namespace,
	labels: labelsOf(registry),
	...(annotations === undefined || Object.keys(annotations).length === 0 ? {} : { annotations }),
	ownerReferences: [owner],
});
