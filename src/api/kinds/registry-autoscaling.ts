import { z } from "zod";
import { type Rule, withRules } from "#/api/fields/rules.ts";

const inOrder: Rule<{ readonly minReplicas: number; readonly maxReplicas: number }> = {
	rule: "self.minReplicas <= self.maxReplicas",
	message: "minReplicas may not be more than maxReplicas",
	fieldPath: ".minReplicas",
	holds: ({ minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
};

/** Within which bounds load decides how many processes of a Registry serve. */
export const registryAutoscaling = withRules(
	z.object({
		minReplicas: z.int32().min(1).max(100).default(2).describe("How many there are at least"),
		maxReplicas: z.int32().min(1).max(100).describe("How many there are at most"),
		targetCPUUtilization: z
			.int32()
			.min(1)
			.max(1_000)
			.default(70)
			.describe("How busy they shall be on average, in percent of the CPU time that resources.requests gives them"),
	}),
	inOrder,
);
