/**
 * The registry core: push, pull, mount, delete, tag and referrers, knowing neither HTTP nor who may do what.
 * Failures are `OciError`s; what a caller may do was decided before, except for the source of a mount.
 */
import type { BlobLocation } from "#/metadata/blobs.ts";
import type { ManifestHead, ReferrerRow, TagCondition } from "#/metadata/manifests.ts";
import type { CatalogScope } from "#/metadata/repositories.ts";
import type { AttachedManifest } from "#/metadata/tag-states.ts";
import type { Algorithm, Digest } from "#/oci/digest.ts";
import type { Reference } from "#/oci/reference.ts";
import type { OpenBlob } from "#/storage/blob-store.ts";

/** Bytes on their way in; each piece belongs to the receiver. */
export type Body = AsyncIterable<Uint8Array>;

/** A manifest with its bytes. */
export interface ManifestContent extends ManifestHead {
	readonly payload: Uint8Array;
	/** The repository that has it, for {@link Registry.pulled}. */
	readonly repositoryId: number;
}

/** How to get a blob: a URL that serves it, its bytes where they are at hand, or a way to read them. */
export type BlobContent =
	| { readonly redirect: string }
	| { readonly bytes: Uint8Array }
	| { readonly open: () => Promise<OpenBlob> };

/** Where an upload stands. */
export interface UploadStatus {
	readonly id: string;
	/** Acknowledged bytes. */
	readonly offset: number;
}

/** What opening an upload came to. */
export type StartOutcome =
	| { readonly kind: "upload"; readonly upload: UploadStatus }
	/** The blob is in the repository: mounted, or taken whole in one request. */
	| { readonly kind: "blob"; readonly digest: Digest };

/** Reads and writes of manifests and tags. */
export interface ManifestService {
	/** @throws OciError NAME_UNKNOWN, MANIFEST_UNKNOWN */
	get(repository: string, reference: Reference, signal: AbortSignal): Promise<ManifestContent>;
	/** As `get`, without reading the bytes. */
	head(repository: string, reference: Reference, signal: AbortSignal): Promise<ManifestHead>;
	/**
	 * Takes at most 4 MiB of `body`.
	 *
	 * @throws OciError MANIFEST_INVALID, MANIFEST_TOO_LARGE, MANIFEST_BLOB_UNKNOWN, DIGEST_INVALID, PRECONDITION_FAILED, DENIED
	 */
	put(
		push: {
			readonly repository: string;
			readonly reference: Reference;
			/** More tags, from `?tag=`. */
			readonly tags: readonly string[];
			readonly contentType: string | undefined;
			readonly condition: TagCondition | undefined;
			readonly actor: string;
		},
		body: Body,
		signal: AbortSignal,
	): Promise<{ readonly digest: Digest; readonly subject: Digest | undefined; readonly tags: readonly string[] }>;
	/** A tag reference removes the tag, a digest reference the manifest with its tags. @throws OciError MANIFEST_UNKNOWN, CONFLICT */
	remove(
		repository: string,
		reference: Reference,
		condition: TagCondition | undefined,
		actor: string,
		signal: AbortSignal,
	): Promise<void>;
	/** One page of tags after `last`. `more` tells whether another page follows. @throws OciError NAME_UNKNOWN */
	tags(
		repository: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal: AbortSignal,
	): Promise<{ readonly tags: readonly string[]; readonly more: boolean }>;
	/** As `tags`, with what each of them names. */
	tagDigests(
		repository: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal: AbortSignal,
	): Promise<{
		readonly tags: readonly { readonly tag: string; readonly digest: Digest }[];
		readonly more: boolean;
	}>;
	/** One page of all manifests with a subject, in byte order of their digests; a repository that is not there has none. */
	attached(
		repository: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal: AbortSignal,
	): Promise<{ readonly referrers: readonly AttachedManifest[]; readonly more: boolean }>;
	/** One page of referrers; the subject need not exist, nor the repository. */
	referrers(
		repository: string,
		subject: Digest,
		page: { readonly artifactType?: string | undefined; readonly last?: string | undefined; readonly limit: number },
		signal: AbortSignal,
	): Promise<{ readonly referrers: readonly ReferrerRow[]; readonly more: boolean }>;
}

/** Reads and removals of blobs. */
export interface BlobService {
	/** @throws OciError NAME_UNKNOWN, BLOB_UNKNOWN */
	stat(repository: string, digest: Digest, signal: AbortSignal): Promise<BlobLocation>;
	/** How to send the bytes of a blob that `stat` found. A store that redirects gives a URL, unless `inline`. */
	content(
		blob: BlobLocation,
		opts: { readonly method: "GET" | "HEAD"; readonly inline: boolean },
		signal: AbortSignal,
	): Promise<BlobContent>;
	/** Names of a few repositories of the same project that have the blob: where to mount it from when none was named. */
	holders(repository: string, digest: Digest, signal: AbortSignal): Promise<readonly string[]>;
	/** Takes the blob out of the repository. @throws OciError BLOB_UNKNOWN, CONFLICT while a manifest references it */
	remove(repository: string, digest: Digest, actor: string, signal: AbortSignal): Promise<void>;
}

/** Uploads. Chunks come in order; every acknowledged byte survives a crash and a move to another process. */
export interface UploadService {
	/**
	 * Opens an upload; mounts instead when `mount` names a blob that is to be had, and takes the whole blob when
	 * `digest` is given with `body`.
	 */
	start(
		request: {
			readonly repository: string;
			readonly actor: string;
			/** From `?mount=` and `?from=`; `candidates` are the repositories that the caller may read, in order of preference. */
			readonly mount?: { readonly digest: Digest; readonly candidates: readonly string[] } | undefined;
			/** From `?digest=` of a monolithic POST. */
			readonly digest?: Digest | undefined;
			/** From `?digest-algorithm=`. @defaultValue "sha256" */
			readonly algorithm?: Algorithm | undefined;
			/** Content-Length, where given. */
			readonly size?: number | undefined;
		},
		body: Body,
		signal: AbortSignal,
	): Promise<StartOutcome>;
	/** @throws OciError BLOB_UPLOAD_UNKNOWN */
	status(repository: string, id: string, signal: AbortSignal): Promise<UploadStatus>;
	/**
	 * Appends a chunk. `range` is the Content-Range, where given: it must start at the acknowledged offset, and its
	 * length must be that of the body. When the body breaks off, what came is kept.
	 *
	 * @throws OciError BLOB_UPLOAD_UNKNOWN, RANGE_INVALID (detail: {offset}), SIZE_INVALID, STORAGE_FULL
	 */
	append(
		request: {
			readonly repository: string;
			readonly id: string;
			readonly range?: { readonly start: number; readonly end: number } | undefined;
		},
		body: Body,
		signal: AbortSignal,
	): Promise<UploadStatus>;
	/** Takes the last chunk (possibly empty) and makes the blob. @throws OciError DIGEST_INVALID, RANGE_INVALID … */
	finish(
		request: {
			readonly repository: string;
			readonly id: string;
			readonly digest: Digest;
			readonly range?: { readonly start: number; readonly end: number } | undefined;
			readonly actor: string;
		},
		body: Body,
		signal: AbortSignal,
	): Promise<{ readonly digest: Digest }>;
	/** @throws OciError BLOB_UPLOAD_UNKNOWN */
	cancel(repository: string, id: string, signal: AbortSignal): Promise<void>;
	/** Resolves when no request of this process is within an upload, for a graceful stop. */
	drain(signal: AbortSignal): Promise<void>;
}

/** One registry. */
export interface Registry {
	readonly manifests: ManifestService;
	readonly blobs: BlobService;
	readonly uploads: UploadService;
	/** To be told when a manifest was sent to a client that asked for it, so that it counts as used. Never throws. */
	readonly pulled: (manifest: Pick<ManifestContent, "repositoryId" | "digest">) => void;
	/** One page of repository names after `last`. */
	catalog(
		scope: CatalogScope,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal: AbortSignal,
	): Promise<{ readonly repositories: readonly string[]; readonly more: boolean }>;
}
