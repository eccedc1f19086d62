import type { ResourceMetadata } from "#/api/fields/metadata.ts";
import type { ProjectStatus } from "#/api/kinds/project.ts";
import type { NamePatterns } from "#/api/policy-selectors.ts";

/** A policy, as far as it matters whose projects it is about. */
export interface ScopedPolicy {
	readonly metadata: Pick<ResourceMetadata, "namespace">;
	readonly spec: {
		readonly registryRef: { readonly name: string; readonly namespace?: string };
		readonly projectRefs?: readonly { readonly name: string; readonly namespace?: string }[];
		readonly projectNames?: NamePatterns;
	};
}

/** One run, as far as it matters how it went. */
export interface PolicyRun {
	readonly id: string;
	readonly trigger: string;
	readonly outcome: "Running" | "Succeeded" | "Failed" | "Stopped" | "Interrupted";
	readonly message: string;
	readonly completionTime?: string;
}

/** What the status of any policy has. */
interface PolicyStatus {
	readonly conditions: ProjectStatus["conditions"];
	readonly lastHandledRequestedAt?: string;
	readonly runs: readonly PolicyRun[];
	readonly nextRunTime?: string;
}

/** A resource of either kind of policy. */
export interface PolicyResource extends ScopedPolicy {
	readonly metadata: ResourceMetadata;
	readonly spec: ScopedPolicy["spec"] & { readonly suspend: boolean };
	readonly status: PolicyStatus;
}
