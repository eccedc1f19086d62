/** A kind of object and where the API serves it. */
export interface ResourceType {
	/** Empty for the core group. */
	readonly group: string;
	readonly version: string;
	/** The path component, e.g. `registries`. */
	readonly plural: string;
	readonly kind: string;
	readonly namespaced: boolean;
}

/** `apiVersion` of the objects of a type. */
export const apiVersionOf = ({ group, version }: Pick<ResourceType, "group" | "version">): string =>
	group === "" ? version : `${group}/${version}`;

const core = (plural: string, kind: string, namespaced = true): ResourceType => ({
	group: "",
	version: "v1",
	plural,
	kind,
	namespaced,
});

/** Namespaces. */
export const NAMESPACES = core("namespaces", "Namespace", false);
/** Secrets. */
export const SECRETS = core("secrets", "Secret");
/** Service accounts. */
export const SERVICE_ACCOUNTS = core("serviceaccounts", "ServiceAccount");
/** Config maps. */
export const CONFIG_MAPS = core("configmaps", "ConfigMap");
/** Definitions of custom resources. */
export const CUSTOM_RESOURCE_DEFINITIONS: ResourceType = {
	group: "apiextensions.k8s.io",
	version: "v1",
	plural: "customresourcedefinitions",
	kind: "CustomResourceDefinition",
	namespaced: false,
};
/** Leases: who leads. */
export const LEASES: ResourceType = {
	group: "coordination.k8s.io",
	version: "v1",
	plural: "leases",
	kind: "Lease",
	namespaced: true,
};
/** Events: what happened to objects, for people. */
export const EVENTS: ResourceType = {
	group: "events.k8s.io",
	version: "v1",
	plural: "events",
	kind: "Event",
	namespaced: true,
};
/** Volume claims. */
export const PERSISTENT_VOLUME_CLAIMS = core("persistentvolumeclaims", "PersistentVolumeClaim");
/** Classes of volumes: who makes them, and when. */
export const STORAGE_CLASSES: ResourceType = {
	group: "storage.k8s.io",
	version: "v1",
	plural: "storageclasses",
	kind: "StorageClass",
	namespaced: false,
};
/** Pods. */
export const PODS = core("pods", "Pod");
/** Services. */
export const SERVICES = core("services", "Service");
/** Stateful sets. */
export const STATEFUL_SETS: ResourceType = {
	group: "apps",
	version: "v1",
	plural: "statefulsets",
	kind: "StatefulSet",
	namespaced: true,
};
/** Deployments. */
export const DEPLOYMENTS: ResourceType = {
	group: "apps",
	version: "v1",
	plural: "deployments",
	kind: "Deployment",
	namespaced: true,
};
/** Budgets of how many pods may be away when somebody drains nodes. */
export const POD_DISRUPTION_BUDGETS: ResourceType = {
	group: "policy",
	version: "v1",
	plural: "poddisruptionbudgets",
	kind: "PodDisruptionBudget",
	namespaced: true,
};
/** What scales with load. */
export const HORIZONTAL_POD_AUTOSCALERS: ResourceType = {
	group: "autoscaling",
	version: "v2",
	plural: "horizontalpodautoscalers",
	kind: "HorizontalPodAutoscaler",
	namespaced: true,
};
/** Databases of PostgreSQL that CloudNativePG runs, where it is installed. */
export const POSTGRES_CLUSTERS: ResourceType = {
	group: "postgresql.cnpg.io",
	version: "v1",
	plural: "clusters",
	kind: "Cluster",
	namespaced: true,
};
/** Network policies. */
export const NETWORK_POLICIES: ResourceType = {
	group: "networking.k8s.io",
	version: "v1",
	plural: "networkpolicies",
	kind: "NetworkPolicy",
	namespaced: true,
};
/** Ingresses. */
export const INGRESSES: ResourceType = {
	group: "networking.k8s.io",
	version: "v1",
	plural: "ingresses",
	kind: "Ingress",
	namespaced: true,
};
