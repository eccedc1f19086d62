import { quantityBytes } from "#/api/fields/quantities.ts";
import type { ReplicationPolicy } from "#/api/kinds/replication-policy.ts";
import type { ReplicationRemote } from "#/api/kinds/replication-remote.ts";
import type { PolicyProjects } from "#/api/policy-selectors.ts";

/** The other side of a policy, and which way copies go. */
export const sideOf = ({
	spec,
}: Pick<ReplicationPolicy, "spec">): {
	readonly field: "source" | "destination";
	readonly direction: "Pull" | "Push";
	/** Absent in what no API server lets pass. */
	readonly remote: ReplicationRemote | undefined;
} =>
	spec.source === undefined
		? { field: "destination", direction: "Push", remote: spec.destination }
		: { field: "source", direction: "Pull", remote: spec.source };

/** A ReplicationPolicy as it crosses Control (`api/replication-policy-spec.ts`), but for the other side. */
export const toReplicationSpec = (
	{ metadata, spec }: ReplicationPolicy,
	projects: PolicyProjects,
): { readonly [member: string]: unknown } => {
	const { filters, rename, mode, guard, trigger, referrers, bandwidth, concurrency, suspend } = spec;
	return {
		name: `${metadata.namespace}/${metadata.name}`,
		direction: sideOf({ spec }).direction,
		projects,
		filters,
		rename,
		mode,
		guard,
		...(trigger.schedule === undefined ? {} : { schedule: trigger.schedule }),
		onEvent: trigger.onEvent,
		referrers,
		...(bandwidth === undefined ? {} : { bandwidth: quantityBytes(bandwidth) }),
		concurrency,
		suspend,
	};
};
