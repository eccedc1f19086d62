import type { Digest } from "#/oci/digest.ts";

/** A project on its way to another store. */
export interface Move {
	readonly projectId: number;
	/** Of the resource that wants it. */
	readonly uid: string;
	readonly project: string;
	/** The store of repositories that are made now. */
	readonly store: string;
	/** Where all are to be. */
	readonly to: string;
}

/** How far a move is. */
export interface MoveProgress {
	readonly repositories: number;
	/** Those of them that are there. */
	readonly moved: number;
}

/** A repository that is not where its project is to be. */
export interface MovingRepository {
	readonly id: number;
	readonly name: string;
	readonly store: string;
}

/** A blob that a repository has and the store it goes to does not. */
export interface WantedBlob {
	readonly digest: Digest;
	/** Bytes. */
	readonly size: number;
	/** Where it lies. */
	readonly store: string;
	readonly key: string;
}

/**
 * Repositories that go from one store to another, each at once and with all that it has: until then it is read and
 * written in the old store, from then on in the new one. What writes names the `fence` of a lease that the caller has
 * (`Outbox.lease`), and does nothing without it.
 */
export interface Moves {
	/** Projects that are on their way and not deleted, after the id `after`, in the order of their ids. */
	list(request: { readonly after: number; readonly limit: number }, signal?: AbortSignal): Promise<readonly Move[]>;
	progress(move: Pick<Move, "projectId" | "to">, signal?: AbortSignal): Promise<MoveProgress>;
	/** Repositories that are elsewhere, after the id `after`. */
	repositories(
		request: { readonly projectId: number; readonly to: string; readonly after: number; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly MovingRepository[]>;
	/** Blobs that the repository links, or that deleted manifests of it hold, and that `to` lacks; after `after`. */
	wanting(
		request: { readonly repositoryId: number; readonly to: string; readonly after: string; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly WantedBlob[]>;
	/** Writes the intent for a copy, before its first byte. */
	intend(object: { readonly store: string; readonly key: string; readonly holder: string }): Promise<void>;
	/** Says that a copy is still being written, so that it is not taken for one that was left behind. */
	keep(store: string, key: string): Promise<void>;
	/** The copy is whole: it becomes the blob of its store, or is condemned when the store has the blob by now. */
	place(copy: {
		readonly store: string;
		readonly key: string;
		readonly digest: Digest;
		readonly size: number;
	}): Promise<{ readonly duplicate: boolean }>;
	/** From now on new repositories are made in the store that the project goes to. False: the fence is old. */
	open(projectId: number, to: string, fence: number): Promise<boolean>;
	/**
	 * Puts a repository with all that it has into the store, in one transaction, with records from which the store's
	 * journal alone gives it back. `incomplete`: the store lacks a blob of it. `lost`: the fence is old.
	 */
	switch(repositoryId: number, to: string, fence: number): Promise<"moved" | "incomplete" | "lost">;
	/** The project is where it is to be, if all its repositories are. */
	close(projectId: number, to: string, fence: number): Promise<boolean>;
	/** What those who observe the project are told of the move. A report that says the same as before changes nothing. */
	report(uid: string, report: { readonly [field: string]: unknown }): Promise<void>;
}
