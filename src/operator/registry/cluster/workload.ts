/** What runs the pods of a Registry. */
import type { KubeObject } from "#/kube/kube-object.ts";
import { type ClusterPlan, metadataOf } from "./cluster-plan.ts";
import { lastingLabelsOf, namesOf, selectorOf } from "./names.ts";
import { podTemplateOf } from "./pod.ts";
import { hasVolume, isAlone } from "./pod-volumes.ts";

/** Old sets of pods that are kept, to go back to by hand. */
const HISTORY = 3;

/** Whether an object is one that {@link workloadOf} makes. */
export const isWorkload = ({ kind }: Pick<KubeObject, "kind">): boolean =>
	kind === "StatefulSet" || kind === "Deployment";

/**
 * A StatefulSet where there is a volume: its one pod ends before the next begins. Else a Deployment, whose pods are
 * replaced one at a time, each by one that is ready before it: with one replica too, nobody is ever away.
 */
export const workloadOf = (plan: ClusterPlan): KubeObject =>
	isAlone(plan.spec) ? statefulSetOf(plan) : deploymentOf(plan);

const deploymentOf = (plan: ClusterPlan): KubeObject => ({
	apiVersion: "apps/v1",
	kind: "Deployment",
	metadata: metadataOf(plan, namesOf(plan.registry).workload),
	spec: {
		replicas: plan.spec.replicas,
		revisionHistoryLimit: HISTORY,
		strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
		selector: { matchLabels: selectorOf(plan.registry) },
		template: podTemplateOf(plan),
	},
});

const statefulSetOf = (plan: ClusterPlan): KubeObject => {
	const { workload, pods } = namesOf(plan.registry);
	return {
		apiVersion: "apps/v1",
		kind: "StatefulSet",
		metadata: metadataOf(plan, workload),
		spec: {
			replicas: plan.spec.replicas,
			revisionHistoryLimit: HISTORY,
			serviceName: pods,
			podManagementPolicy: "Parallel",
			updateStrategy: { type: "RollingUpdate" },
			selector: { matchLabels: selectorOf(plan.registry) },
			template: podTemplateOf(plan),
			...(hasVolume(plan.spec) ? { volumeClaimTemplates: [claimOf(plan)] } : {}),
			// What was pushed is deleted by the operator, when the Registry says so, and by nobody else.
			persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
		},
	};
};

const claimOf = ({ spec, registry }: ClusterPlan) => {
	const { storageClassName, size = "10Gi" } = spec.storage.filesystem ?? {};
	return {
		metadata: { name: "data", labels: lastingLabelsOf(registry) },
		spec: {
			// One node is not enough: two pods on it would open the database together.
			accessModes: ["ReadWriteOncePod"],
			...(storageClassName === undefined ? {} : { storageClassName }),
			resources: { requests: { storage: size } },
		},
	};
};
