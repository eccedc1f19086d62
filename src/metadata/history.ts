import type { Digest } from "#/oci/digest.ts";

/** A span of time in which a tag pointed at a manifest, or a manifest was there. Times: milliseconds since the epoch. */
export interface HistoryEntry {
	/** Absent for a manifest. */
	readonly tag?: string;
	readonly digest: Digest;
	/** When the tag was moved there, or the manifest was pushed, and by whom. */
	readonly startedAt: number;
	readonly startedBy: string;
	/** When the tag was moved away or deleted, or the manifest was deleted, and by whom; absent while it is so. */
	readonly endedAt?: number;
	readonly endedBy?: string;
	/** Until when this can be brought back; absent when it is so, or cannot come back any more. */
	readonly restorableUntil?: number;
}

/** A page of a history, and where the next one begins; absent after the last. */
export interface HistoryPage {
	readonly entries: readonly HistoryEntry[];
	readonly next?: string;
}

/** Which page: after where the last one said, or the first; so many entries at most. */
export interface HistoryRequest {
	readonly repository: string;
	readonly after?: string | undefined;
	readonly limit: number;
}

/** What was brought back. */
export interface Restored {
	/** The manifest that was asked for, or that the tag points at now. */
	readonly digest: Digest;
	/** Manifests that were not there before, children of an index first. Empty: it was there. */
	readonly manifests: readonly Digest[];
	/** Tags that point at `digest` now and did not before. */
	readonly tags: readonly string[];
	/** Tags that it had when it was deleted, and that were moved since: they stay as they are. */
	readonly moved: readonly string[];
}

/** Why nothing was brought back. Nothing was changed then. */
export type RestoreRefusal =
	| { readonly reason: "repository-unknown"; readonly repository: string }
	/** The tag never was, or was not at that time. */
	| { readonly reason: "tag-unknown"; readonly tag: string }
	/** The tag's window ended at `at`, milliseconds since the epoch. */
	| { readonly reason: "window-ended"; readonly tag: string; readonly at: number }
	/** The tag points elsewhere, and a rule of the project has it stay there. */
	| { readonly reason: "immutable"; readonly tag: string; readonly project: string }
	/** Neither there nor among what can be restored. */
	| { readonly reason: "manifest-unknown"; readonly digest: string }
	/** What the manifest names is gone. */
	| { readonly reason: "content-unknown"; readonly digests: readonly string[] };

/** What came of a restoration. */
export type RestoreOutcome = Restored | { readonly refused: RestoreRefusal };

/** What was gone for good when windows ended: so many manifests, and so many former places of tags. */
export interface Expired {
	readonly manifests: number;
	readonly places: number;
}

/**
 * What was in repositories before, and the way back to it. What is deleted can be restored for as long as the window of
 * its project says at the time of the deletion; until then its blobs are kept, and it counts as what the project uses.
 */
export interface History {
	/** Where a tag pointed, the last first; absent when there is no such repository. */
	ofTag(request: HistoryRequest & { readonly tag: string }, signal?: AbortSignal): Promise<HistoryPage | undefined>;
	/** What was deleted from a repository and can be restored: manifests, then tags; absent when there is no repository. */
	deleted(request: HistoryRequest, signal?: AbortSignal): Promise<HistoryPage | undefined>;
	/**
	 * Brings a deleted manifest back, with what an index names and with the tags it had, unless those were moved since.
	 * Never refused for a quota, for what can be restored counts all along.
	 */
	restoreManifest(wanted: {
		readonly repository: string;
		readonly digest: Digest;
		readonly actor: string;
	}): Promise<RestoreOutcome>;
	/**
	 * Points a tag at where it was at `at`, milliseconds since the epoch; absent: where it was last, if it is deleted. The
	 * manifest is brought back where it is deleted too.
	 */
	restoreTag(wanted: {
		readonly repository: string;
		readonly tag: string;
		readonly at?: number | undefined;
		readonly actor: string;
	}): Promise<RestoreOutcome>;
	/**
	 * Ends the windows that are over, at most `limit`: their manifests are gone for good, and former places of tags are
	 * forgotten.
	 */
	expire(limit: number): Promise<Expired>;
}
