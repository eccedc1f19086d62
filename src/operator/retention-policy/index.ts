/** RetentionPolicy: what stays in the repositories of projects, told to the registry, and what its runs came to. */
import { MAX_EXPLAINED_TAGS, parseRetentionPolicy, type RetentionPolicyStatus } from "#/api/kinds/retention-policy.ts";
import { type RetentionReport, retentionReport } from "#/api/retention-report.ts";
import type { Reconcile } from "#/kube/reconciler.ts";
import type { PolicyDeps, PolicyFields, PolicyKind, ReadPolicy, Surroundings } from "#/operator/policy/policy-deps.ts";
import { createPolicyReconcile } from "#/operator/policy/reconcile-policy.ts";
import { nextRunOf, toRunStatus } from "#/operator/policy/run-status.ts";
import { toRetentionSpec } from "./retention-wish.ts";

/** It refers to nothing but projects. */
const ALONE: Surroundings = { refusals: [], part: {}, telltale: {}, fields: {} };

const KIND: PolicyKind = {
	kind: "RetentionPolicy",
	fieldManager: "limani-retentionpolicy",
	read: (object) => {
		const parsed = parseRetentionPolicy(object);
		if ("invalid" in parsed) return parsed;
		const { resource } = parsed;
		const policy: ReadPolicy = {
			resource,
			look: async () => ALONE,
			toSpec: (projects) => toRetentionSpec(resource, projects),
			heldPart: {},
			standing: standingOf(resource.status),
			around: {},
		};
		return { policy };
	},
	readReport: (report) => {
		const parsed = retentionReport.safeParse(report);
		return parsed.success ? { fields: toFields(parsed.data), handled: parsed.data.handledRequest } : undefined;
	},
};

/** Makes one RetentionPolicy so. */
export const createRetentionPolicyReconcile = (deps: PolicyDeps): Reconcile => createPolicyReconcile(deps, KIND);

const toFields = (report: RetentionReport): PolicyFields => ({
	runs: report.runs.map(toRunStatus),
	...nextRunOf(report),
	explain: report.explain.map((decision) => ({ ...decision, tags: decision.tags.slice(0, MAX_EXPLAINED_TAGS) })),
});

const standingOf = ({ runs, nextRunTime, explain }: RetentionPolicyStatus): PolicyFields => ({
	runs,
	...(nextRunTime === undefined ? {} : { nextRunTime }),
	explain,
});
