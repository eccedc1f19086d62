import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { Replica, Replicas } from "#/metadata/replicas.ts";
import type { Digest } from "#/oci/digest.ts";
import type { Copier } from "./copier.ts";
import type { Selection } from "./select.ts";
import type { Side } from "./side.ts";
import type { Tally } from "./tally.ts";

/** All that the parts of one run share. */
export interface RunContext {
	/** The policy's uid. */
	readonly policy: string;
	readonly generation: number;
	readonly spec: ReplicationPolicySpec;
	readonly source: Side;
	readonly target: Side;
	readonly replicas: Replicas;
	readonly selection: Selection;
	readonly copier: Copier;
	readonly tally: Tally;
	/** Whether what is remembered of the target is taken for true, and only what changed at the source is looked at. */
	readonly isTrusting: boolean;
	/** When the policy ran first: nothing was behind before; milliseconds since the epoch. */
	readonly firstRunAt: number;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** Copies whose source has gone. */
	readonly gone: GoneCopies;
}

/** One copy of which the source is gone. */
export interface GoneCopy {
	/** The repository of the target. */
	readonly target: string;
	readonly reference: string;
	/** What was copied there: if it is something else by now, it is somebody else's. */
	readonly targetDigest: Digest;
}

/** Copies whose source is gone: counted, and kept as long as they are not too many to be taken away. */
export class GoneCopies {
	readonly allowed: number;
	count = 0;
	#found: GoneCopy[] = [];

	/** @param allowed how many may be taken away */
	constructor(allowed: number) {
		this.allowed = allowed;
	}

	add(copy: GoneCopy): void {
		this.count += 1;
		if (this.isTooMany) this.#found = [];
		else this.#found.push(copy);
	}

	/** At least so many: none is looked for when it is enough to know that there are too many. */
	get isTooMany(): boolean {
		return this.count > this.allowed;
	}

	/** Empty when there are too many. */
	get found(): readonly GoneCopy[] {
		return this.#found;
	}
}

/** What is known of a reference before it was ever looked at. */
export const blankReplica = (reference: string, source: string): Replica => ({
	reference,
	source,
	state: "pending",
	sourceDigest: undefined,
	targetDigest: undefined,
	isOurs: false,
	pending: undefined,
	behindSince: undefined,
	generation: undefined,
});
