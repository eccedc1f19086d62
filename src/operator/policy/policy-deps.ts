import type { PolicyProjects } from "#/api/policy-selectors.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { VolatileStatus } from "#/kube/status/volatile-status.ts";
import type { ReportDeps } from "#/operator/report-verdict.ts";
import type { BindingDeps } from "#/operator/tenancy/find-binding.ts";
import type { PolicyRefusal, ProjectDeps } from "./find-projects.ts";
import type { Patience } from "./patience.ts";
import type { PolicyResource, PolicyRun } from "./policy-resource.ts";

/** What the controllers of policies work with. */
export interface PolicyDeps extends Omit<ReportDeps, "fieldManager">, BindingDeps, ProjectDeps {
	/** Of the kind. */
	readonly policies: ObjectStore;
	readonly volatileStatus: VolatileStatus;
	readonly patience: Patience;
}

/** JSON members. */
type Members = { readonly [member: string]: unknown };

/** What a policy refers to beside projects, as it was found. */
export interface Surroundings {
	readonly refusals: readonly PolicyRefusal[];
	/** Members of the spec as it crosses Control. */
	readonly part: Members;
	/** The same with something in place of secrets that tells them apart without telling them, see `Wish`. */
	readonly telltale: Members;
	/** When to look again for what nobody tells of, milliseconds; absent: never. */
	readonly againMs?: number;
	/** What the status says of it. */
	readonly fields: Members;
}

/** What a report comes to in a status. */
export interface PolicyFields {
	/** The newest first. */
	readonly runs: readonly PolicyRun[];
	readonly nextRunTime?: string;
	readonly [field: string]: unknown;
}

/** A policy of either kind, read. */
export interface ReadPolicy {
	readonly resource: PolicyResource;
	/** Looks for what it refers to beside projects. @throws KubeError */
	readonly look: (signal: AbortSignal) => Promise<Surroundings>;
	/** What is wanted of the data plane, but for what {@link look} finds. */
	readonly toSpec: (projects: PolicyProjects) => Members;
	/** Stands for what {@link look} finds while the policy is held. */
	readonly heldPart: Members;
	/** What the status says of runs. */
	readonly standing: PolicyFields;
	/** What the status says of what {@link look} found. */
	readonly around: Members;
}

/** What makes one kind of policy. */
export interface PolicyKind {
	readonly kind: "RetentionPolicy" | "ReplicationPolicy";
	/** Who writes, in `managedFields`. */
	readonly fieldManager: string;
	readonly read: (object: KubeObject) => { readonly policy: ReadPolicy } | { readonly invalid: string };
	/** What a report says; absent when it cannot be read. */
	readonly readReport: (report: Members) => ReportedPolicy | undefined;
}

/** What a report says. */
interface ReportedPolicy {
	readonly fields: PolicyFields;
	/** The request whose run has ended. */
	readonly handled: string | undefined;
}
