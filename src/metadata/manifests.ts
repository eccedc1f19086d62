import type { Digest } from "#/oci/digest.ts";
import type { Reference } from "#/oci/reference.ts";
import type { Refused } from "./refusal.ts";
import type { RepositoryFacts } from "./repositories.ts";

/** A manifest without its bytes. */
export interface ManifestHead {
	readonly digest: Digest;
	readonly mediaType: string;
	/** Bytes of the payload. */
	readonly size: number;
}

/** One entry of a referrers list. */
export interface ReferrerRow extends ManifestHead {
	readonly artifactType: string | undefined;
	readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** When a tag move may happen (RFC 9110 §13.1), judged against the tag's digest inside the command. */
export interface TagCondition {
	/** Digests one of which the tag must have; `"*"`: the tag must exist. */
	readonly ifMatch?: readonly string[] | "*";
	/** Digests none of which the tag may have; `"*"`: the tag must not exist. */
	readonly ifNoneMatch?: readonly string[] | "*";
}

/** A manifest to store, already parsed and hashed. */
export interface PutManifest {
	/** Full repository name; the repository is made when its project exists. */
	readonly repository: string;
	readonly digest: Digest;
	readonly mediaType: string;
	readonly artifactType: string | undefined;
	readonly payload: Uint8Array;
	readonly annotations: Readonly<Record<string, string>> | undefined;
	/** Digest and size of the config and of every distributable layer; all must be linked here. */
	readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
	readonly config: Digest | undefined;
	/** Children of an index; all must be here unless the project sets `sparseIndexes`. */
	readonly children: readonly Digest[];
	readonly subject: Digest | undefined;
	/** Tags to point at it, the one of the path first; empty for a push by digest. */
	readonly tags: readonly string[];
	/** Applies to each of `tags`; without any, to the manifest of this digest. */
	readonly condition: TagCondition | undefined;
	/** Who pushes, for history and events. */
	readonly actor: string;
}

/** What a manifest push did. */
export interface PutManifestOutcome {
	/** False when the very same manifest was here already. */
	readonly created: boolean;
	/** For each tag in order: the digest it had before, absent when it is new. */
	readonly previous: readonly (Digest | undefined)[];
}

/** Manifests and tags of repositories. */
export interface Manifests {
	/**
	 * The manifest that `reference` names and the facts of its repository, in one read.
	 * `manifest` is absent when there is none; the whole is absent when there is no such repository.
	 * With `payload: false` the bytes are not read.
	 */
	find(
		repository: string,
		reference: Reference,
		opts: { readonly payload: boolean },
		signal?: AbortSignal,
	): Promise<
		| {
				readonly repository: RepositoryFacts;
				readonly manifest: (ManifestHead & { readonly payload?: Uint8Array }) | undefined;
		  }
		| undefined
	>;
	/** Stores a manifest and moves its tags, or refuses whole: `guarded`, when the project's quota has no room for a new one. */
	put(manifest: PutManifest): Promise<PutManifestOutcome | Refused>;
	/** Deletes the manifest and every tag on it. Refused while an index of the repository has it as a child. */
	remove(repository: string, digest: Digest, actor: string): Promise<{ readonly tags: readonly string[] } | Refused>;
	/** Deletes one tag; the manifest stays. */
	removeTag(
		repository: string,
		tag: string,
		condition: TagCondition | undefined,
		actor: string,
	): Promise<{ readonly digest: Digest } | Refused>;
	/** Tags after `last`, in byte order, at most `limit`; absent when there is no such (published) repository. */
	tags(
		repository: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly string[] | undefined>;
	/** Manifests whose subject is `subject`, after digest `last`, in byte order of the digest, at most `limit`. */
	referrers(
		repository: string,
		subject: Digest,
		page: {
			readonly artifactType?: string | undefined;
			readonly last?: string | undefined;
			readonly limit: number;
		},
		signal?: AbortSignal,
	): Promise<readonly ReferrerRow[]>;
}
