import { retentionPolicySpec } from "#/api/retention-policy-spec.ts";
import { compilePolicy } from "#/features/retention/compile-policy.ts";
import { explain } from "#/features/retention/explain.ts";
import { survey } from "#/features/retention/survey.ts";
import type { MemoryArtifacts } from "../../support/memory-artifacts.ts";
import { forever } from "../../support/registry.ts";

export const DAY = 86_400_000;
/** Until when artifacts of tests were pushed. */
export const NOW = Date.UTC(2026, 5, 1);

/** A policy about all projects, of rules that need no more than what they keep. */
export const policyOf = (rules: readonly object[], more: object = {}) =>
	retentionPolicySpec.parse({
		name: "team/policy",
		projects: { names: {} },
		rules: rules.map((rule, i) => ({ name: `rule-${i + 1}`, ...rule })),
		...more,
	});

/** What a policy decides about what is there: by repository the names of those that stay, and why each stays or goes. */
export const planned = async (artifacts: MemoryArtifacts, spec: ReturnType<typeof policyOf>, now = NOW) => {
	const policy = compilePolicy(spec);
	const kept: Record<string, string[]> = {};
	const why: Record<string, string> = {};
	for await (const { repository, plan } of survey(artifacts, { projects: spec.projects, policy, now }, forever)) {
		kept[repository] = [];
		for (const place of plan.facts.keys()) {
			const decision = explain(repository, plan, policy, place);
			if (decision === undefined) continue;
			const name = artifacts.nameOf(decision.digest);
			why[name] = decision.why;
			if (decision.keep) kept[repository].push(name);
		}
		kept[repository].sort();
	}
	return { kept, why };
};
