import type { Visibility } from "./projects.ts";

/** What a request needs to know of a repository before anything else. */
export interface RepositoryFacts {
	readonly id: number;
	readonly name: string;
	readonly projectId: number;
	readonly project: string;
	readonly visibility: Visibility;
	/** The named blob store that holds its bytes; fixed when the repository is made. */
	readonly store: string;
	/** Whether an index may name children that are not here. */
	readonly sparseIndexes: boolean;
	/** Bytes that the project may use; undefined: any number. */
	readonly quotaBytes: number | undefined;
	/** False until the first manifest: such a repository is in no catalog and has no tag list. */
	readonly published: boolean;
}

/** Which repositories a catalog page may show: all of them, or those of the named projects (sorted, unique). */
export type CatalogScope = "all" | { readonly projects: readonly string[] };

/** Repositories. A repository comes into being with its first upload, mount or manifest. */
export interface Repositories {
	/** Absent when there is no such repository (or it, or its project, is deleted). */
	find(name: string, signal?: AbortSignal): Promise<RepositoryFacts | undefined>;
	/** Names of published repositories after `last`, in byte order, at most `limit`. Cost grows with the page only. */
	catalog(
		scope: CatalogScope,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly string[]>;
}
