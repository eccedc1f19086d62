import type { KubeObject } from "#/kube/kube-object.ts";
import {
	apiVersionOf,
	DEPLOYMENTS,
	HORIZONTAL_POD_AUTOSCALERS,
	INGRESSES,
	NETWORK_POLICIES,
	PERSISTENT_VOLUME_CLAIMS,
	POD_DISRUPTION_BUDGETS,
	PODS,
	POSTGRES_CLUSTERS,
	type ResourceType,
	SERVICES,
	STATEFUL_SETS,
	STORAGE_CLASSES,
} from "#/kube/resource-type.ts";
import { crdKinds } from "#/kube-embedded/kinds/crd-kinds.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";

/** A kind of which everything is taken as it comes. */
export const openKind = (type: ResourceType): readonly ServedKind[] =>
	crdKinds(definitionOf(type)).map((kind) => ({
		...kind,
		// Definitions have no core group.
		fromStored: (object) => ({ ...kind.fromStored(object), apiVersion: apiVersionOf(type) }),
	}));

const definitionOf = ({ group, version, plural, kind, namespaced }: ResourceType): KubeObject => ({
	apiVersion: "apiextensions.k8s.io/v1",
	kind: "CustomResourceDefinition",
	metadata: { name: `${plural}.${group}` },
	spec: {
		group,
		names: { plural, kind },
		scope: namespaced ? "Namespaced" : "Cluster",
		versions: [
			{
				name: version,
				served: true,
				storage: true,
				subresources: { status: {} },
				schema: {
					openAPIV3Schema: {
						type: "object",
						"x-kubernetes-preserve-unknown-fields": true,
						properties: {
							spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
							status: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
						},
					},
				},
			},
		],
	},
});

/** What a cluster has beyond the embedded API, and the operator makes things of; nothing comes of it here. */
export const clusterKinds = (): readonly ServedKind[] =>
	[
		SERVICES,
		PERSISTENT_VOLUME_CLAIMS,
		STORAGE_CLASSES,
		PODS,
		STATEFUL_SETS,
		DEPLOYMENTS,
		POD_DISRUPTION_BUDGETS,
		HORIZONTAL_POD_AUTOSCALERS,
		NETWORK_POLICIES,
		INGRESSES,
		POSTGRES_CLUSTERS,
	].flatMap(openKind);
