import type { AttachedDigest, RemoteRegistry } from "#/client/remote-registry.ts";
import type { Digest } from "#/oci/digest.ts";
import type { TagListing } from "./tag-listing.ts";

/** A tag of one side; with its digest and since when it has that, where these are at hand. */
export interface SideTag {
	readonly tag: string;
	readonly digest?: Digest;
	/** Milliseconds since the epoch. */
	readonly movedAt?: number;
}

/** A manifest of one side that refers to another, with when it came there where that is at hand. */
export interface SideReferrer extends AttachedDigest {
	/** Milliseconds since the epoch. */
	readonly pushedAt?: number;
}

/** One of the two registries of a policy: how to read and write there, and to compare many tags at a time. */
export interface Side {
	readonly registry: RemoteRegistry;
	/** Names it in messages. */
	readonly name: string;
	/** Whether it is this registry, whose database says what is there, and not what a network lets through. */
	readonly isLocal: boolean;
	/** Repositories that the policy may read there, page by page. */
	repositories(signal: AbortSignal): AsyncIterable<readonly string[]>;
	/** Tags page by page; undefined: there is no such repository, or the policy may not read it. */
	tags(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly SideTag[]> | undefined>;
	/** What references name that are there: by tag or digest. At most 1000 are asked for at once. */
	digests(repository: string, references: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Digest>>;
	/**
	 * What a list of that registry's own says that tags name, to begin with, so that not each is asked for; absent where
	 * asking costs nothing.
	 */
	readonly listing?: (repository: string) => TagListing;
	/** As `listing`, of the referrers of a repository, which are looked for by their digests. */
	readonly referrerListing?: (repository: string) => TagListing;
	/** All manifests of a repository that refer to others; undefined: it must be asked for those of each manifest. */
	attached(repository: string, signal: AbortSignal): Promise<AsyncIterable<readonly SideReferrer[]> | undefined>;
	/** Why the policy may not write to a repository there; undefined: it may. */
	explainRefusal(repository: string, signal: AbortSignal): Promise<string | undefined>;
	/** Repositories there from which a blob of `repository` could be mounted. */
	holders(repository: string, digest: Digest, signal: AbortSignal): Promise<readonly string[]>;
}
