import type { Digest } from "#/oci/digest.ts";

/**
 * Where a copy stands. `pending`: it is being made, or could not be. `synced`: the target had it when it was last looked
 * at. `left`: somebody else took it away at the target, where he had put it, so it stays away until the source changes.
 * `excluded`: the policy does not select it. `gone`: the source has it no more.
 */
export const REPLICA_STATES = ["pending", "synced", "left", "excluded", "gone"] as const;

/** See {@link REPLICA_STATES}. */
type ReplicaState = (typeof REPLICA_STATES)[number];

/** What a policy remembers of one tag, or of one manifest that refers to another. */
export interface Replica {
	/** The tag; of a manifest that is copied without one, its digest. */
	readonly reference: string;
	/** The repository that it comes from. */
	readonly source: string;
	readonly state: ReplicaState;
	/** What the source had when the two last agreed, or when it was excluded; absent: they never did. */
	readonly sourceDigest: Digest | undefined;
	/** What the target had then. It differs from the source's where an index went with some of its platforms. */
	readonly targetDigest: Digest | undefined;
	/** Whether this policy put it there: nothing else may it take away. */
	readonly isOurs: boolean;
	/** What the source had when the policy last began to copy it; absent once it is done. */
	readonly pending: Digest | undefined;
	/** Since when the target has not had it, milliseconds since the epoch; absent while it has. */
	readonly behindSince: number | undefined;
	/** The generation of the policy that excluded it. */
	readonly generation: number | undefined;
}

/** A {@link Replica} and the repository of the target that it is in. */
export interface ReplicaInRepository extends Replica {
	readonly repository: string;
}

/** Tags of a policy by where they stand. */
export interface ReplicaCounts {
	readonly synced: number;
	readonly pending: number;
	/** Tags and referrers that the policy put there itself. */
	readonly ours: number;
	/** Since when the one that has waited longest has; milliseconds since the epoch. */
	readonly behindSince: number | undefined;
}

/** What replication policies copied, so that they know later what is theirs. It is lost with the database, harmlessly. */
export interface Replicas {
	/** Those of the references that are known, in no order. At most 1000 are asked for at once. */
	find(
		policy: string,
		repository: string,
		references: readonly string[],
		signal?: AbortSignal,
	): Promise<readonly Replica[]>;
	/** All of a policy in byte order of repository and reference, after those two; of one repository, where `within` is set. */
	list(
		policy: string,
		page: {
			readonly after?: { readonly repository: string; readonly reference: string } | undefined;
			readonly within?: string | undefined;
			readonly limit: number;
		},
		signal?: AbortSignal,
	): Promise<readonly ReplicaInRepository[]>;
	/** Cost grows with what the policy copied: about 20 ms for 100,000. */
	counts(policy: string, signal?: AbortSignal): Promise<ReplicaCounts>;
	/** Keeps what is given in place of what was kept. At most 1000 at once. */
	put(policy: string, repository: string, replicas: readonly Replica[]): Promise<void>;
	forget(policy: string, repository: string, references: readonly string[]): Promise<void>;
	/** Forgets up to `limit` of policies that are not in force any more; how many there were. */
	forgetGone(limit: number): Promise<number>;
}
