import type { PolicyProjects } from "#/api/policy-selectors.ts";
import type { Digest } from "#/oci/digest.ts";
import type { Refused } from "./refusal.ts";

/** A repository that a policy may be about. */
export interface RepositoryInProject {
	readonly repository: string;
	readonly project: string;
	readonly projectUid: string;
}

/** A manifest with all that a policy decides on. Times: milliseconds since the epoch, by the database's clock. */
export interface Artifact {
	readonly digest: Digest;
	readonly mediaType: string;
	/** Of the manifest, or the media type of its config; absent when it has neither. */
	readonly artifactType: string | undefined;
	readonly subject: Digest | undefined;
	/** Bytes of the manifest and of the blobs that it names, each once. */
	readonly size: number;
	/** The last time, also where that changed nothing. */
	readonly pushedAt: number;
	/** Absent: never, as far as is known. */
	readonly pulledAt: number | undefined;
	/** In byte order. */
	readonly tags: readonly string[];
	/** Whether an index of the repository names it. */
	readonly isChild: boolean;
	/** The manifests that it names, if it is an index; else empty. */
	readonly children: readonly Digest[];
	/** Whether a tag of it is immutable, by the rules of its project. */
	readonly isImmutable: boolean;
	readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** Manifests as those who decide about them in numbers see them, and removal of one that is still as it was decided on. */
export interface Artifacts {
	/**
	 * Repositories of the projects that have or had manifests, in byte order of the name, after `last`. Cost grows with
	 * the page; by name, also with the projects that are passed over.
	 */
	repositories(
		projects: PolicyProjects,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly RepositoryInProject[]>;
	/** Manifests of a repository in byte order of the digest, after `last`. */
	list(
		repository: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly Artifact[]>;
	/**
	 * Deletes a manifest with its tags, as `Manifests.remove` does, if its tags, its pushes and its pulls are still those
	 * of `expected`; else refused `precondition`. Refused `in-use` while an index names it, `guarded` when a tag of it is
	 * immutable.
	 */
	retire(
		repository: string,
		expected: Pick<Artifact, "digest" | "tags" | "pushedAt" | "pulledAt">,
		actor: string,
	): Promise<{ readonly retired: true } | Refused>;
}

/** When manifests were pulled last. */
export interface Pulls {
	/** Notes pulls, many in one transaction; of each manifest the last. Those of what is gone are passed over. */
	note(
		pulls: readonly { readonly repositoryId: number; readonly digest: Digest; readonly at: number }[],
	): Promise<void>;
}
