import type { ResourceType } from "#/kube/resource-type.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";
import { clusterKinds, openKind } from "../../app/operator/cluster-kinds.ts";

const kind = (group: string, plural: string, name: string, namespaced = true): ResourceType => ({
	group,
	version: "v1",
	plural,
	kind: name,
	namespaced,
});

const RBAC = "rbac.authorization.k8s.io";

/** What a cluster has beyond the embedded API, and a release of the chart is made of; nothing comes of it here. */
export const chartKinds = (): readonly ServedKind[] => [
	...clusterKinds(),
	...[
		kind("apps", "deployments", "Deployment"),
		kind("policy", "poddisruptionbudgets", "PodDisruptionBudget"),
		kind(RBAC, "roles", "Role"),
		kind(RBAC, "rolebindings", "RoleBinding"),
		kind(RBAC, "clusterroles", "ClusterRole", false),
		kind(RBAC, "clusterrolebindings", "ClusterRoleBinding", false),
	].flatMap(openKind),
];
