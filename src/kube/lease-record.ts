import type { KubeObject } from "./kube-object.ts";
import { apiVersionOf, LEASES } from "./resource-type.ts";

/** What a Lease says. */
export interface LeaseRecord {
	/** Empty: nobody has it. */
	readonly holder: string;
	/** How long the holder may be silent, milliseconds. */
	readonly durationMs: number;
	/** How often it went to another term. */
	readonly transitions: number;
	/** As they stand there; nobody compares them with a clock. */
	readonly acquireTime: string | undefined;
	readonly renewTime: string | undefined;
}

/** What stands in a Lease, whoever wrote it. */
export const readLease = (lease: KubeObject): LeaseRecord => {
	const spec: Record<string, unknown> = typeof lease.spec === "object" && lease.spec !== null ? { ...lease.spec } : {};
	const text = (value: unknown) => (typeof value === "string" ? value : undefined);
	const count = (value: unknown) => (typeof value === "number" && value >= 0 ? value : 0);
	return {
		holder: text(spec.holderIdentity) ?? "",
		durationMs: count(spec.leaseDurationSeconds) * 1000,
		transitions: count(spec.leaseTransitions),
		acquireTime: text(spec.acquireTime),
		renewTime: text(spec.renewTime),
	};
};

/** A Lease that says that, in place of `before` where there is one; labels and the like stay. */
export const writeLease = (
	{ namespace, name }: { readonly namespace: string; readonly name: string },
	record: LeaseRecord,
	before: KubeObject | undefined,
): KubeObject => ({
	apiVersion: apiVersionOf(LEASES),
	kind: LEASES.kind,
	metadata: before?.metadata ?? { namespace, name },
	spec: {
		holderIdentity: record.holder,
		// Whole seconds, at least one.
		leaseDurationSeconds: Math.max(1, Math.ceil(record.durationMs / 1000)),
		leaseTransitions: record.transitions,
		acquireTime: record.acquireTime,
		renewTime: record.renewTime,
	},
});

/** A moment as Kubernetes' MicroTime. @param ms wall clock */
export const microTime = (ms: number): string => new Date(ms).toISOString().replace("Z", "000Z");
