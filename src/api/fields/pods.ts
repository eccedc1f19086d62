import { z } from "zod";
import { affinity } from "./affinity.ts";
import { listMap, wholeList } from "./lists.ts";
import { labelKey, labels, labelValue, objectName } from "./names.ts";
import { resourceQuantity } from "./quantities.ts";
import { secretRef } from "./references.ts";
import { labelSelector } from "./selectors.ts";

const quantities = z.record(z.string(), resourceQuantity).meta({ maxProperties: 16 });

const resources = z.object({
	requests: quantities.exactOptional().describe("What a pod is given for sure, such as cpu: 500m"),
	limits: quantities.exactOptional().describe("What a pod may use at most"),
});

const toleration = z.object({
	key: labelKey.exactOptional().describe("Key of the taint; default: every key, with operator Exists"),
	operator: z.enum(["Exists", "Equal"]).default("Equal").describe("Whether the taint's value matters; default: Equal"),
	value: labelValue.exactOptional().describe("Value of the taint, for Equal"),
	effect: z
		.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
		.exactOptional()
		.describe("Effect of the taint; default: every effect"),
	tolerationSeconds: z.int().min(0).exactOptional().describe("How long NoExecute is tolerated; default: for ever"),
});

const spreadConstraint = z.object({
	maxSkew: z.int32().min(1).describe("By how many pods two places may differ"),
	topologyKey: labelKey.describe("Label of nodes whose value says which of them are one place"),
	whenUnsatisfiable: z.enum(["DoNotSchedule", "ScheduleAnyway"]).describe("What to do where it cannot be kept"),
	labelSelector: labelSelector.exactOptional().describe("Which pods count; default: those of this Registry"),
	minDomains: z.int32().min(1).exactOptional().describe("How many places there must be"),
	matchLabelKeys: wholeList(labelKey, 16).exactOptional().describe("Labels in which pods must be alike to count"),
	nodeAffinityPolicy: z.enum(["Honor", "Ignore"]).exactOptional().describe("Whether excluded nodes count"),
	nodeTaintsPolicy: z.enum(["Honor", "Ignore"]).exactOptional().describe("Whether tainted nodes count"),
});

const IN_CLUSTER = "In a cluster; standalone mode has no pods";

/** How the pods of a Registry look and where they go, in Kubernetes' own form. They have no meaning without pods. */
export const podFields = {
	image: z
		.string()
		.min(1)
		.max(512)
		.regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]*$/, "expected the reference of an image")
		.exactOptional()
		.describe(`Image of the pods; default: that of the operator. ${IN_CLUSTER}`),
	imagePullSecrets: listMap(secretRef, ["name"], 16)
		.exactOptional()
		.describe(`Secrets of the same namespace that the image is pulled with; default: none. ${IN_CLUSTER}`),
	resources: resources.exactOptional().describe(`What a pod needs and may use. ${IN_CLUSTER}`),
	nodeSelector: labels.exactOptional().describe(`Labels that a pod's node must have. ${IN_CLUSTER}`),
	tolerations: wholeList(toleration, 64).exactOptional().describe(`Taints that do not matter. ${IN_CLUSTER}`),
	affinity: affinity.exactOptional().describe(`Where pods go by what is there already. ${IN_CLUSTER}`),
	topologySpreadConstraints: wholeList(spreadConstraint, 16)
		.exactOptional()
		.describe(`How pods are spread; default: evenly over zones and nodes. ${IN_CLUSTER}`),
	priorityClassName: objectName.exactOptional().describe(`PriorityClass of the pods. ${IN_CLUSTER}`),
};
