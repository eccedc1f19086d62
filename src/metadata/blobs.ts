import type { Digest } from "#/oci/digest.ts";
import type { Refused } from "./refusal.ts";
import type { RepositoryFacts } from "./repositories.ts";

/** Where a blob's bytes lie. Its identity is (store, digest). */
export interface BlobLocation {
	readonly digest: Digest;
	/** Bytes. */
	readonly size: number;
	readonly store: string;
	readonly key: string;
}

/** A repository, and a blob that it may link. */
export interface FoundBlob {
	readonly repository: RepositoryFacts;
	/** Absent when the repository has no link to it. */
	readonly blob: BlobLocation | undefined;
	/**
	 * Since when the link is under review, milliseconds since the epoch by the database's clock: without a manifest that
	 * uses it, it goes when its delay is over. Absent when nobody doubts it.
	 */
	readonly touchedAt?: number;
}

/** Blobs, as repositories see them: only through a link of the repository, never from the global table. */
export interface Blobs {
	/** Absent when there is no such repository. */
	find(repository: string, digest: Digest, signal?: AbortSignal): Promise<FoundBlob | undefined>;
	/** Names of repositories in `repository`'s own project that have the blob, at most `limit`, in byte order. */
	holders(repository: string, digest: Digest, limit: number, signal?: AbortSignal): Promise<readonly string[]>;
	/**
	 * Links a blob of `from` into `repository` when both lie in the same store.
	 * `mounted: false` when `from` does not have it, lies in another store, or its bytes are being collected.
	 * Refused `guarded` when the project has no such blob yet and its quota no room for it. The caller has made sure that the actor may read `from`.
	 */
	mount(
		repository: string,
		digest: Digest,
		from: string,
		actor: string,
	): Promise<{ readonly mounted: boolean } | Refused>;
	/** Starts the delay of the link's review anew. False when it is not under review any more, or gone. */
	touch(repository: string, digest: Digest): Promise<boolean>;
	/** Takes the repository's link away. Refused while a manifest of the repository references the blob. */
	unlink(repository: string, digest: Digest, actor: string): Promise<{ readonly unlinked: true } | Refused>;
}
