/** What decides how many pods of a Registry there are, and how many may be away. */
import { registryKind } from "#/api/kinds/registry.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { type ClusterPlan, metadataOf } from "./cluster-plan.ts";
import { namesOf, selectorOf } from "./names.ts";

/** The budget of a Registry of several replicas, and the autoscaler of one that wants it. */
export const scalingOf = (plan: ClusterPlan): readonly KubeObject[] => [...budgetOf(plan), ...autoscalerOf(plan)];

/** One replica has none: it would hold up whoever drains its node, for ever. */
const budgetOf = (plan: ClusterPlan): readonly KubeObject[] => {
	const { replicas, autoscaling } = plan.spec;
	if (Math.max(replicas, autoscaling?.minReplicas ?? 0) < 2) return [];
	return [
		{
			apiVersion: "policy/v1",
			kind: "PodDisruptionBudget",
			metadata: metadataOf(plan, namesOf(plan.registry).workload),
			spec: {
				maxUnavailable: 1,
				selector: { matchLabels: selectorOf(plan.registry) },
				// A pod that is not ready serves nobody, and goes with its node.
				unhealthyPodEvictionPolicy: "AlwaysAllow",
			},
		},
	];
};

/** It scales the Registry itself, by its scale subresource, and never what is made for it. */
const autoscalerOf = (plan: ClusterPlan): readonly KubeObject[] => {
	const { autoscaling, replicas } = plan.spec;
	// No replicas at all is somebody's wish, and no matter of load.
	if (autoscaling === undefined || replicas === 0) return [];
	const { minReplicas, maxReplicas, targetCPUUtilization } = autoscaling;
	return [
		{
			apiVersion: "autoscaling/v2",
			kind: "HorizontalPodAutoscaler",
			metadata: metadataOf(plan, namesOf(plan.registry).workload),
			spec: {
				scaleTargetRef: {
					apiVersion: apiVersionOf(registryKind),
					kind: registryKind.kind,
					name: plan.registry.name,
				},
				minReplicas,
				maxReplicas,
				metrics: [
					{
						type: "Resource",
						resource: { name: "cpu", target: { type: "Utilization", averageUtilization: targetCPUUtilization } },
					},
				],
			},
		},
	];
};
