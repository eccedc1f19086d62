import { z } from "zod";
import { wholeList } from "./lists.ts";
import { labelKey, namespaceName } from "./names.ts";
import { labelSelector } from "./selectors.ts";

const weight = z.int32().min(1).max(100).describe("How much it counts among the preferences, 1 to 100");

const nodeRequirement = z.object({
	key: labelKey.describe("Key of the node's label, or the field"),
	operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]).describe("How it relates to the values"),
	values: wholeList(z.string().max(253), 64).exactOptional().describe("Values; none for Exists and DoesNotExist"),
});

const nodeTerm = z.object({
	matchExpressions: wholeList(nodeRequirement, 32).exactOptional().describe("What must be true of the node's labels"),
	matchFields: wholeList(nodeRequirement, 32).exactOptional().describe("What must be true of the node's fields"),
});

const nodeAffinity = z.object({
	requiredDuringSchedulingIgnoredDuringExecution: z
		.object({ nodeSelectorTerms: wholeList(nodeTerm, 32).min(1).describe("Terms, of which one must be met") })
		.exactOptional()
		.describe("What a node must have"),
	preferredDuringSchedulingIgnoredDuringExecution: wholeList(
		z.object({ weight, preference: nodeTerm.describe("What the node should have") }),
		32,
	)
		.exactOptional()
		.describe("What a node should have"),
});

const podTerm = z.object({
	topologyKey: labelKey.describe("Label of nodes whose value says which of them are one place"),
	labelSelector: labelSelector.exactOptional().describe("Which pods"),
	namespaceSelector: labelSelector.exactOptional().describe("Of which namespaces; default: those in namespaces"),
	namespaces: wholeList(namespaceName, 64).exactOptional().describe("Of which namespaces; default: this one"),
	matchLabelKeys: wholeList(labelKey, 16).exactOptional().describe("Labels in which the pods must be alike, too"),
	mismatchLabelKeys: wholeList(labelKey, 16).exactOptional().describe("Labels in which the pods must differ, too"),
});

const podAffinity = z.object({
	requiredDuringSchedulingIgnoredDuringExecution: wholeList(podTerm, 32)
		.exactOptional()
		.describe("What must be true of the pods that run in the same place"),
	preferredDuringSchedulingIgnoredDuringExecution: wholeList(
		z.object({ weight, podAffinityTerm: podTerm.describe("Which pods, and what counts as one place") }),
		32,
	)
		.exactOptional()
		.describe("What should be true of the pods that run in the same place"),
});

/** Where pods go by what is there already, in Kubernetes' own form. */
export const affinity = z.object({
	nodeAffinity: nodeAffinity.exactOptional().describe("Which nodes"),
	podAffinity: podAffinity.exactOptional().describe("Near which pods"),
	podAntiAffinity: podAffinity.exactOptional().describe("Away from which pods"),
});
