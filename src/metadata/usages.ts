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

/** What projects use, deleted ones too. Every command keeps the account in its own transaction. */
export interface Usages {
	/** Costs the same however large the project is; absent when there is no such project. */
	find(project: string, signal?: AbortSignal): Promise<ProjectUsage | undefined>;
	/** All projects in byte order of the name, counted anew from what there is. Reads everything: for verification. */
	recount(signal?: AbortSignal): Promise<readonly CountedUsage[]>;
}
