/** What this metadata was restored from. */
export interface Restoration {
	/** Names what was restored, in the words of who restored it. */
	readonly source: string;
	/** When it was whole, milliseconds since the epoch; absent: it was begun, and not all of it is here yet. */
	readonly endedAt: number | undefined;
}

/**
 * Whether a restore may begin. Done: this very one came to its end before. Not-empty: what is here is not its doing.
 * Lost: the lease is not held any more.
 */
export type RestoreStart = "begun" | "done" | "not-empty" | "lost";

/** Who this metadata is: archives belong to one, and a restore begins with none. */
export interface Origins {
	/** The id of this metadata, the same for ever: the first `candidate` that it was told. */
	identify(candidate: string): Promise<string>;
	/**
	 * Makes metadata that holds nothing that of the registry with this id, whatever it was told before; false when it
	 * holds something.
	 */
	become(identity: string): Promise<boolean>;
	/**
	 * Begins a restore, or goes on with the same one. Of metadata that holds anything else it is refused: projects, users,
	 * robots, repositories, objects, segments of a journal.
	 *
	 * @param fence of the lease that this is done under; absent: nobody else is at it
	 */
	beginRestore(source: string, fence?: number): Promise<RestoreStart>;
	/** All of it is here. @returns whether the lease is still held; otherwise nothing was noted */
	endRestore(source: string, fence?: number): Promise<boolean>;
	/** Absent: it was never restored. */
	restoration(signal?: AbortSignal): Promise<Restoration | undefined>;
}
