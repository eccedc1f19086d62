/** What a project uses. Content counts once in each project, whatever other projects have of the same. */
export interface ProjectUsage {
	/** Bytes of the distinct blobs that its repositories link. */
	readonly blobBytes: number;
	/** Bytes of its manifests, in each repository. */
	readonly manifestBytes: number;
	readonly manifests: number;
	readonly repositories: number;
}

/** A project's use as it was counted. */
export interface CountedUsage {
	readonly project: string;
	readonly usage: ProjectUsage;
}

/** A project that is there, and what it uses. */
export interface UsageRow extends ProjectUsage {
	/** Of the resource that wants it, or wanted it last. */
	readonly uid: string;
	readonly name: string;
}

/** What projects use, deleted ones too. Every command keeps the account in its own transaction. */
export interface Usages {
	/** Costs the same however large the project is; absent when there is no such project. */
	find(project: string, signal?: AbortSignal): Promise<ProjectUsage | undefined>;
	/** Projects that are not deleted, after `last`, in byte order of the name, at most `limit`. Cost grows with the page only. */
	list(
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly UsageRow[]>;
	/** Names of the stores in which there is a project, a repository or a blob, in byte order. */
	stores(signal?: AbortSignal): Promise<readonly string[]>;
	/** All projects in byte order of the name, counted anew from what there is. Reads everything: for verification. */
	recount(signal?: AbortSignal): Promise<readonly CountedUsage[]>;
}
