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
	/**
	 * What whoever carries it out tells of that, at most 64 KiB as JSON; absent before the first time, and for kinds of
	 * which there is nothing to tell.
	 */
	readonly report?: { readonly [field: string]: unknown } | undefined;
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

/** What online collection took away so far, and what is waiting for it. */
export interface CollectionTotals {
	/** Since the registry's metadata was made. */
	readonly reclaimed: {
		readonly objects: number;
		readonly bytes: number;
		/** When something was taken away last, milliseconds since the epoch; absent: never. */
		readonly at?: number | undefined;
	};
	readonly waiting: {
		/** Links and blobs under review, used ones too, counted as far as a few thousand. */
		readonly reviews: number;
		/** Objects that nothing uses any more: at least so many. */
		readonly objects: number;
		/** Their bytes. */
		readonly bytes: number;
	};
	/** How stores of blobs stand, those that are configured and those that are used; absent: that is not told. */
	readonly stores?: readonly StoreStanding[] | undefined;
	/** How the metadata goes to another database; absent: it stays where it is. */
	readonly databaseMigration?: DatabaseMigration | undefined;
}

/** How far the migration of the database is. Completed: the target is the database, and may be named as that alone. */
export interface DatabaseMigration {
	/** Where it goes, in words for people. */
	readonly to: string;
	/** Pending: it waits, and nothing is elsewhere than it was. */
	readonly stage: "Pending" | "Copying" | "Completed";
	/** Rows that went over, of all that there were; absent: they were not counted, or by a process before this one. */
	readonly rows?: { readonly done: number; readonly all: number } | undefined;
	/** What it waits for; absent: nothing. */
	readonly message?: string | undefined;
}

/** How a store of blobs stands. */
export interface StoreStanding {
	readonly name: string;
	/** Whether a project, a repository or a blob is in it. */
	readonly used: boolean;
	/** Why it does not answer, in words for whoever operates the registry; absent: it does. */
	readonly away?: string | undefined;
	/** How it goes to another place; absent: it stays where it is. */
	readonly migration?: StoreMigration | undefined;
}

/** How far the migration of a store is. Completed: the target has all of it, and may be the store by itself. */
export interface StoreMigration {
	/** Where it goes, in words for people. */
	readonly to: string;
	readonly stage: "Pending" | "Copying" | "Completed";
	/** Objects that the target has, of all that there are. */
	readonly objects: { readonly done: number; readonly all: number };
	/** Their bytes. */
	readonly bytes: { readonly done: number; readonly all: number };
	/** What it waits for, or what is the matter; absent: nothing. */
	readonly message?: string | undefined;
}

/** What a registry's backups can give back. Instants: milliseconds since the epoch. */
export interface ArchiveStanding {
	/** From here on every instant can be had again; absent: there is no whole backup. */
	readonly firstRecoverabilityPoint?: number | undefined;
	/** The last one that is whole; absent: there is none. */
	readonly lastSuccessfulBackup?:
		| {
				/** Its id in the archive. */
				readonly id: string;
				/** What it is a backup of: the registry at this instant. */
				readonly at: number;
				readonly finishedAt: number;
		  }
		| undefined;
	/** Every change up to here is in the archive; absent: nothing was shipped yet. */
	readonly shippedUntil?: number | undefined;
	/** Why the archive does not answer, in words for whoever operates the registry; the rest is what was known last. */
	readonly away?: string | undefined;
}

/** What a run on demand came to. */
export type RunOutcome =
	| { readonly ran: { readonly [count: string]: number | string | boolean } }
	| { readonly refused: { readonly reason: "unknown-feature"; readonly features: readonly string[] } | ControlRefusal };

/** A span of time in which a tag pointed at a manifest, or a manifest was there. Times: milliseconds since the epoch. */
export interface HistoryEntry {
	/** Absent for a manifest. */
	readonly tag?: string | undefined;
	readonly digest: string;
	readonly startedAt: number;
	readonly startedBy: string;
	/** Absent while it is so. */
	readonly endedAt?: number | undefined;
	readonly endedBy?: string | undefined;
	/** Until when this can be restored; absent when it is so, or cannot be restored any more. */
	readonly restorableUntil?: number | undefined;
}

/** A page of a history, and where the next one begins; absent after the last. */
export interface HistoryPage {
	readonly entries: readonly HistoryEntry[];
	readonly next?: string | undefined;
}

/** What was restored; why nothing was, in one word and in words for people. */
export type RestoreOutcome =
	| {
			/** The manifest that was asked for, or that the tag points at now. */
			readonly digest: string;
			/** Manifests that were not there before. Empty: it was there. */
			readonly manifests: readonly string[];
			/** Tags that point at it now and did not before. */
			readonly tags: readonly string[];
			/** Tags that it had and that were moved since: they stay as they are. */
			readonly moved: readonly string[];
	  }
	| { readonly refused: { readonly reason: RestoreReason; readonly message: string } };

/** Why nothing was restored. */
type RestoreReason =
	| "repository-unknown"
	| "tag-unknown"
	| "window-ended"
	| "immutable"
	| "manifest-unknown"
	| "content-unknown";

/** Why one artifact stays or goes under a retention policy. */
export interface Decision {
	readonly repository: string;
	readonly digest: string;
	/** Some of them, where there are many. */
	readonly tags: readonly string[];
	readonly keep: boolean;
	/** The first rule that keeps it; absent when none does. */
	readonly rule?: string | undefined;
	/** For people. */
	readonly why: string;
}

/** What a retention policy would do. */
export type ExplainOutcome =
	| {
			readonly decisions: readonly Decision[];
			/** Where the next page begins; absent after the last. */
			readonly next?: string | undefined;
	  }
	| { readonly refused: { readonly reason: "policy-unknown"; readonly message: string } };

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
	 * is where to go on. Fewer than `limit` do not mean that there are no more: none do.
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
	/** What collection took away, what waits for it, and how stores stand. Costs the same however much there is. */
	totals(request: Readonly<Record<string, never>>, signal: AbortSignal): Promise<CollectionTotals>;
	/**
	 * How the archive of the registry's backups stands, as of a minute ago at most; absent: there is none in its
	 * configuration. A registry of an older release does not know this operation, and has no archive to tell of.
	 */
	archive(
		request: Readonly<Record<string, never>>,
		signal: AbortSignal,
	): Promise<{ readonly archive?: ArchiveStanding | undefined }>;
	/**
	 * Where a tag pointed, the last first; without `tag`, what was deleted from the repository and can be restored. A
	 * page may be empty with others behind it. A repository that is not there has no history.
	 */
	history(
		request: {
			readonly repository: string;
			readonly tag?: string | undefined;
			/** `next` of the page before; absent: the first page. */
			readonly after?: string | undefined;
			readonly limit: number;
		},
		signal: AbortSignal,
	): Promise<HistoryPage>;
	/**
	 * Brings a deleted manifest back with its tags (`digest`), or a tag to where it was at `at`, milliseconds since the
	 * epoch, or last (`tag`). Changes content, not what is wanted, and so asks for no epoch.
	 */
	restore(
		wanted: {
			readonly repository: string;
			/** One of this and `tag`. */
			readonly digest?: string | undefined;
			readonly tag?: string | undefined;
			/** Goes with `tag`. */
			readonly at?: number | undefined;
			/** Who asks, for the history. */
			readonly actor: string;
		},
		signal: AbortSignal,
	): Promise<RestoreOutcome>;
	/**
	 * What a retention policy would do if it ran now, artifact by artifact, in byte order of repository and digest. Pages
	 * that follow one another are as of the same instant. Nothing is changed.
	 */
	explain(
		request: {
			/** The policy's uid, or its `namespace/name`. */
			readonly policy: string;
			/** Absent: all that the policy is about. */
			readonly repository?: string | undefined;
			/** `next` of the page before; absent: the first page. */
			readonly after?: string | undefined;
			readonly limit: number;
		},
		signal: AbortSignal,
	): Promise<ExplainOutcome>;
	/** Runs background work now, on one subject where the feature has several. Aborting stops it. */
	run(
		request: { readonly epoch: number; readonly feature: string; readonly id: string },
		signal: AbortSignal,
	): Promise<RunOutcome>;
}

/** The most that one call may weigh as JSON, bytes. */
export const MAX_CHANGE_BYTES = 1024 * 1024;
