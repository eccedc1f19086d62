import type { Digest } from "#/oci/digest.ts";

/** Where a tag points, and since when, milliseconds since the epoch. */
export interface TagState {
	readonly tag: string;
	readonly digest: Digest;
	readonly movedAt: number;
}

/** A manifest that refers to another. */
export interface AttachedManifest {
	readonly digest: Digest;
	readonly subject: Digest;
	/** Milliseconds since the epoch. */
	readonly pushedAt: number;
	/** Indexes of the repository that list the subject. */
	readonly parents: readonly Digest[];
}

/** A repository in which a tag moved or went, or to which a manifest came that refers to another; and when, the last time. */
export interface ChangedRepository {
	readonly repository: string;
	/**
	 * Milliseconds since the epoch. Never in an earlier one than an earlier change of the same repository; the fraction
	 * tells changes of one millisecond apart, and nothing else.
	 */
	readonly at: number;
}

/** Repositories as those who compare them with others see them, many tags at a time. */
export interface TagStates {
	/** In byte order of the tag, after `last`; absent when there is no such (published) repository. */
	list(
		repository: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly TagState[] | undefined>;
	/** Of references, which are tags or digests, those that are there: what they name. At most 1000 are asked for at once. */
	digests(
		repository: string,
		references: readonly string[],
		signal?: AbortSignal,
	): Promise<readonly { readonly reference: string; readonly digest: Digest }[]>;
	/** Manifests with a subject, in byte order of their own digest, after `last`. */
	attached(
		repository: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly AttachedManifest[]>;
	/** Repositories that changed at or after `since`, milliseconds since the epoch, first those that changed first. */
	changed(
		page: { readonly since: number; readonly after?: ChangedRepository | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly ChangedRepository[]>;
}
