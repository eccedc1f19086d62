/** The kinds of policies that the data plane carries out; a backup is one that is carried out once. */
export const POLICY_KINDS = ["RetentionPolicy", "ReplicationPolicy", "Backup"] as const;

/** One of {@link POLICY_KINDS}. */
export type PolicyKind = (typeof POLICY_KINDS)[number];

/** A policy that is in force, and what its feature keeps about it. */
export interface Policy {
	readonly kind: PolicyKind;
	readonly uid: string;
	/** Changes with the spec. */
	readonly generation: number;
	/** As `ControlState.apply` took it: parsed, with defaults. */
	readonly spec: { readonly [field: string]: unknown };
	/** What the feature wrote last, for itself; absent before the first time. */
	readonly state: { readonly [field: string]: unknown } | undefined;
}

/** Policies as those who carry them out see them. They are written by `ControlState.apply`; here, what became of them. */
export interface Policies {
	/** Policies of a kind that are in force, in byte order of the uid, after `last`. */
	list(
		kind: PolicyKind,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly Policy[]>;
	/** Absent when there is none that is in force. */
	find(uid: string, signal?: AbortSignal): Promise<Policy | undefined>;
	/**
	 * Keeps what is given and leaves what is not. A report that differs from the last one is a change that `observe`
	 * tells of. False, and nothing is kept, when the policy is gone or `fence` is not that of the lease
	 * `policy:<uid>` (`Outbox.lease`) in force. Each of the two at most 64 KiB as JSON.
	 */
	save(
		uid: string,
		kept: {
			readonly fence: number;
			readonly state?: { readonly [field: string]: unknown };
			readonly report?: { readonly [field: string]: unknown };
		},
	): Promise<boolean>;
}
