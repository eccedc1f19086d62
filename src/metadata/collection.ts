/** What one step of the collector may do. */
export interface CollectionStep {
	/**
	 * Only what no change touched at this instant or later is looked at; milliseconds since the epoch, by the database's
	 * clock. It is a delay before an instant that the caller knows to be good, whatever the clock says meanwhile.
	 */
	readonly touchedBefore: number;
	/** Reviews in one transaction at most. */
	readonly limit: number;
}

/** What one step did. */
export interface Collected {
	/** Things that were looked at; as many as the limit when there may be more to look at. */
	readonly reviewed: number;
	/** Those of them that went. */
	readonly collected: number;
	/** Bytes that the things that went had. */
	readonly bytes: number;
}

/**
 * What nobody uses any more, taken away online. A change that may have left a thing without use has it reviewed after a
 * delay, and every further change that touches it starts the delay anew. Each review decides on what it reads in its own
 * transaction, so that a push, link or mount comes wholly before it, and is seen, or wholly after it.
 */
export interface Collection {
	/** Takes links away that no manifest of their repository uses; repositories go that never had one and are left empty. */
	collectLinks(step: CollectionStep): Promise<Collected>;
	/** Condemns the objects of blobs that no repository links. */
	collectBlobs(step: CollectionStep): Promise<Collected>;
}
