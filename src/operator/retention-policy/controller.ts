import type { Controller } from "#/kube/controller/controller.ts";
import type { PolicyDeps } from "#/operator/policy/policy-deps.ts";
import { type PolicyStores, policySources } from "#/operator/policy/policy-sources.ts";
import { createRetentionPolicyReconcile } from "./index.ts";

/** Keeps RetentionPolicies as they are wanted. */
export const retentionPolicyController = (deps: PolicyDeps & PolicyStores): Controller => {
	const { policies, projects, registries, namespaces } = deps;
	return {
		name: "retentionpolicy",
		objects: policies,
		sources: policySources(deps),
		caches: { projects, registries, namespaces },
		reconcile: createRetentionPolicyReconcile(deps),
	};
};
