/**
 * The port between the planes: the control plane tells the data plane what is wanted, as changes under an epoch, and
 * reads back what became of it. Two adapters: the data plane itself, in process, and `RemoteControl` over TLS.
 */
import type { ControlledKind } from "#/api/controlled-specs.ts";

/** One resource as the control plane wants it. */
export interface DesiredResource {
	readonly kind: ControlledKind;
	readonly uid: string;
	/**
	 * Comes back in the observation, and orders nothing: epoch and base do that, so the last change to arrive is the one
	 * that holds, also under an equal or lower generation.
	 */
	readonly generation: number;
	/** See `api/controlled-specs.ts`. One that is not right is observed as not ready and stops nothing else. */
	readonly spec: { readonly [field: string]: unknown };
}

/** What became of one resource. */
export interface ObservedResource {
	readonly kind: ControlledKind;
	readonly uid: string;
	/** The generation that this speaks of. */
	readonly generation: number;
	readonly ready: boolean;
	/** One CamelCase word, fit for a condition: Applied, NameTaken, StoreUnknown, Invalid … */
	readonly reason: string;
	readonly message: string;
	/** Position in the stream of observations. */
	readonly cursor: number;
	/** True when the resource is gone. */
	readonly deleted: boolean;
}

/** Why a call was refused: the caller was overtaken by a newer one, or knows an older state and must resynchronise. */
export type ControlRefusal =
	| { readonly reason: "stale-epoch"; readonly epoch: number }
	| { readonly reason: "base-mismatch"; readonly base: number };

/** The version of the state after a change, or why there was none. */
export type Applied = { readonly base: number } | { readonly refused: ControlRefusal };

/** What one project uses. */
export interface ProjectUsage {
	readonly uid: string;
	readonly name: string;
	/** Bytes of its blobs, each once however many of its repositories have it. */
	readonly blobBytes: number;
	/** Bytes of its manifests, in each repository. */
	readonly manifestBytes: number;
	readonly manifests: number;
	readonly repositories: number;
}

/** Projects with what they use, and whether there are any after the last of them. */
export interface UsagePage {
	readonly projects: readonly ProjectUsage[];
	readonly more: boolean;
}

/** What a run on demand came to. */
export type RunOutcome =
	| { readonly ran: { readonly [count: string]: number | string | boolean } }
	| { readonly refused: { readonly reason: "unknown-feature"; readonly features: readonly string[] } | ControlRefusal };

/**
 * The data plane as the control plane drives it (`docs/decisions`). Every call is safe to repeat, which is what a
 * caller does that had no answer. All throw `ControlError`, or the signal's reason once it is aborted; what was under
 * way then may still come to pass.
 */
export interface Control {
	/** A new epoch for `holder`, above all before it, which are fenced off; `base` is the version of the state. */
	begin(
		request: { readonly holder: string },
		signal: AbortSignal,
	): Promise<{ readonly epoch: number; readonly base: number }>;
	/** Applies changes made on top of `base`, in one transaction. At most {@link MAX_CHANGE_BYTES} as JSON. */
	apply(
		change: {
			readonly epoch: number;
			readonly base: number;
			/** Each uid once, here, in `deletes` and in `releases` together. */
			readonly upserts: readonly DesiredResource[];
			readonly deletes: readonly string[];
			/**
			 * Uids that are controlled no more. A project stays as it is, no snapshot deletes it, and its owner may claim it
			 * again; users and robots are deleted. They are observed as gone, for the reason Released. @defaultValue none
			 */
			readonly releases?: readonly string[] | undefined;
		},
		signal: AbortSignal,
	): Promise<Applied>;
	/**
	 * One page of the whole wanted state, at most {@link MAX_CHANGE_BYTES} as JSON. After the last page of a `snapshot`
	 * what no page of it named is deleted; one that is never finished deletes nothing.
	 */
	resync(
		page: {
			readonly epoch: number;
			readonly snapshot: string;
			readonly resources: readonly DesiredResource[];
			readonly last: boolean;
		},
		signal: AbortSignal,
	): Promise<Applied>;
	/**
	 * What changed after `cursor` (0: everything), in order, each resource where it last changed; `cursor` of the answer
	 * is where to go on.
	 */
	observe(
		request: { readonly cursor: number; readonly limit: number },
		signal: AbortSignal,
	): Promise<{ readonly changes: readonly ObservedResource[]; readonly cursor: number }>;
	/**
	 * What projects use, those after `after` in byte order of the name; of a project that was released too, under the uid
	 * that it had. Costs the same however many projects there are.
	 */
	usage(
		request: { readonly after?: string | undefined; readonly limit: number },
		signal: AbortSignal,
	): Promise<UsagePage>;
	/** Runs background work now, on one subject where the feature has several. Aborting stops it. */
	run(
		request: { readonly epoch: number; readonly feature: string; readonly id: string },
		signal: AbortSignal,
	): Promise<RunOutcome>;
}

/** The most that one call may weigh as JSON, bytes. */
export const MAX_CHANGE_BYTES = 1024 * 1024;
