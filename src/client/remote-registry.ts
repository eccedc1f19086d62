/**
 * The port to another registry: all that replication and caches ask of one. Failures are {@link RemoteError}s; what is
 * not there is an answer (`undefined`), and only where the other side said so in the words of the distribution
 * specification, so that an unreachable or failing registry is never taken for an empty one.
 */

import type { Descriptor } from "#/oci/descriptor.ts";
import type { Digest } from "#/oci/digest.ts";

/** A manifest with its bytes, whose digest was checked. */
export interface RemoteManifest {
	readonly digest: Digest;
	readonly mediaType: string;
	readonly payload: Uint8Array;
}

/** A tag, and what it named when the list was made that has it. */
export interface TaggedDigest {
	readonly tag: string;
	readonly digest: Digest;
}

/** A manifest that refers to another. */
export interface AttachedDigest {
	readonly digest: Digest;
	readonly subject: Digest;
	/** Indexes of the repository that list the subject. */
	readonly parents: readonly Digest[];
}

/** What is wanted of a blob: all from an offset on, or up to an end that is not wanted any more. */
export type BlobSpan = number | { readonly offset: number; readonly end: number };

/** Bytes of a blob from `offset` on. */
export interface RemoteBlob extends AsyncDisposable {
	/** Where `bytes` begin: 0 when the other side does not serve ranges. */
	readonly offset: number;
	/** Behind the last of `bytes`; undefined when the other side does not serve ranges, and they go on to the blob's end. */
	readonly end: number | undefined;
	/** Of the whole blob. */
	readonly size: number | undefined;
	readonly bytes: AsyncIterable<Uint8Array>;
}

/** Another registry. Last parameter of each call is the signal that ends it. */
export interface RemoteRegistry extends AsyncDisposable {
	/** Repository names, page by page, as the other side lists them (its catalog, or its own interface). */
	repositories(signal: AbortSignal): AsyncIterable<readonly string[]>;
	/** Tags page by page; undefined: there is no such repository. */
	tags(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly string[]> | undefined>;
	/**
	 * What tags name, page by page, where the other side lists that in a way of its own; undefined: it does not. The list
	 * may be of a moment ago and lack some, so that it proves of no tag that it is not there.
	 */
	tagDigests(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly TaggedDigest[]> | undefined>;
	/** Digest of what a tag or digest names, without its bytes where the other side tells it; undefined: there is none. */
	head(repository: string, reference: string, signal: AbortSignal): Promise<Digest | undefined>;
	/** At most 4 MiB. */
	manifest(repository: string, reference: string, signal: AbortSignal): Promise<RemoteManifest | undefined>;
	/** Manifests that refer to `subject`, by the referrers API or the tag scheme; all pages. */
	referrers(repository: string, subject: Digest, signal: AbortSignal): Promise<readonly Descriptor[]>;
	/** All referrers of a repository, page by page, where the other side lists them in a way of its own; undefined: it does not. */
	attached(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly AttachedDigest[]> | undefined>;
	/** Whether the repository has the blob. */
	hasBlob(repository: string, digest: Digest, signal: AbortSignal): Promise<boolean>;
	/** Reads a blob, or a span of it; undefined: there is none. Its digest is the caller's to check. */
	blob(repository: string, digest: Digest, span: BlobSpan, signal: AbortSignal): Promise<RemoteBlob | undefined>;
	/** Puts a blob there: mounted from one of `from` where that can be, else uploaded from what `read` gives, resumed after a break. */
	putBlob(
		repository: string,
		blob: {
			readonly digest: Digest;
			readonly size: number;
			readonly from?: readonly string[];
			/** Called again, with a later offset, after a break. */
			readonly read: (offset: number, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
		},
		signal: AbortSignal,
	): Promise<"present" | "mounted" | "uploaded">;
	putManifest(repository: string, reference: string, manifest: RemoteManifest, signal: AbortSignal): Promise<void>;
	/** Deletes a tag (where the other side can delete tags alone) or a manifest; undefined: there was none. */
	remove(repository: string, reference: string, signal: AbortSignal): Promise<"removed" | undefined>;
}
