import type { PolicyKind } from "./policies.ts";

/** What the control plane may hand over. A kind joins when its feature exists. */
export type ControlledKind = "Project" | "User" | "RobotAccount" | PolicyKind;

/** One resource as the control plane wants it. Unless it is rejected, `spec` was parsed by `api/controlled-specs.ts`. */
export interface DesiredResource {
	readonly kind: ControlledKind;
	readonly uid: string;
	readonly generation: number;
	readonly spec: { readonly [field: string]: unknown };
	/**
	 * Why this registry will not have the spec: the resource is observed as not ready for it, claims no name, and what
	 * its uid had before stays in force.
	 */
	readonly rejected?: { readonly reason: string; readonly message: string };
}

/** What became of one resource. */
export interface ObservedResource {
	readonly kind: ControlledKind;
	readonly uid: string;
	/** The generation that this speaks of. */
	readonly generation: number;
	readonly ready: boolean;
	/** One CamelCase word: Applied, NameTaken, StoreUnknown, Invalid … */
	readonly reason: string;
	readonly message: string;
	/** Position in the stream of observations; grows with every change. */
	readonly cursor: number;
	/** True when the resource is gone. */
	readonly deleted: boolean;
	/** What whoever carries it out tells of that; absent before the first time. See `Policies.save`. */
	readonly report?: { readonly [field: string]: unknown } | undefined;
}

/** Why a control call was refused. */
export type ControlRefusal =
	| { readonly reason: "stale-epoch"; readonly epoch: number }
	| { readonly reason: "base-mismatch"; readonly base: number };

/** What the operator told this data plane, fenced by epochs. */
export interface ControlState {
	/** A new epoch, above all that were; earlier holders are fenced off from then on. `base` is the state's version. */
	begin(holder: string): Promise<{ readonly epoch: number; readonly base: number }>;
	/**
	 * Applies a chunk of changes in one transaction, made on top of `base`; resolves to the new base.
	 * Resources that cannot be had (name taken …) are observed as not ready; they do not fail the chunk.
	 */
	apply(change: {
		readonly epoch: number;
		readonly base: number;
		readonly upserts: readonly DesiredResource[];
		readonly deletes: readonly string[];
		/** Uids that are controlled no more: a project stays as it is, users and robots go. @defaultValue none */
		readonly releases?: readonly string[] | undefined;
	}): Promise<{ readonly base: number } | { readonly refused: ControlRefusal }>;
	/**
	 * A page of a full snapshot. Pages of one `snapshot` id upsert; the last one deletes every controlled resource that
	 * no page named. A snapshot that was not finished deletes nothing.
	 */
	resync(page: {
		readonly epoch: number;
		readonly snapshot: string;
		readonly resources: readonly DesiredResource[];
		readonly last: boolean;
	}): Promise<{ readonly base: number } | { readonly refused: ControlRefusal }>;
	/** The epoch in force, 0 before the first, and the version of the state. */
	current(signal?: AbortSignal): Promise<{ readonly epoch: number; readonly base: number }>;
	/** Changes after `cursor` (0: all), in order, at most `limit`, and fewer where their reports are large; none: no more. */
	observe(cursor: number, limit: number, signal?: AbortSignal): Promise<readonly ObservedResource[]>;
}
