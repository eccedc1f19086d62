/** Who may pull: Public everybody, Internal everybody with an identity, Private members and robots with a grant. */
export type Visibility = "Private" | "Internal" | "Public";

/** What a member may do; see `auth/roles.ts`. */
export type Role = "admin" | "maintainer" | "developer" | "guest" | "limitedGuest";

/** One member of a project. */
interface Member {
	readonly kind: "User" | "Group" | "ServiceAccount";
	readonly name: string;
	readonly role: Role;
}

/** A project as the data plane keeps it. */
export interface Project {
	readonly id: number;
	readonly uid: string;
	readonly name: string;
	readonly visibility: Visibility;
	readonly store: string;
	/** Where what it has is on its way to; absent: nowhere. */
	readonly movingTo?: string;
	readonly sparseIndexes: boolean;
	readonly members: readonly Member[];
	/** Bytes that it may use; absent: any number. */
	readonly quotaBytes?: number;
}

/** Projects, the tenants. They are written by `ControlState.apply` only. */
export interface Projects {
	/** Absent when there is no such project, or it is deleted. */
	find(name: string, signal?: AbortSignal): Promise<Project | undefined>;
	/** All projects, in byte order of the name, after `last`. */
	list(
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly Project[]>;
}
