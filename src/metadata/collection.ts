/** While anybody holds a lease whose name begins with this (`Outbox.lease`), no object of a blob is condemned. */
export const PIN_PREFIX = "pin:";

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

/** What the collector did since the metadata was made, and what it has still to do. */
export interface CollectionTotals {
	/** Objects of blobs that it condemned; `at` is when it condemned the last, milliseconds since the epoch; absent: never. */
	readonly reclaimed: { readonly objects: number; readonly bytes: number; readonly at?: number };
	readonly waiting: {
		/** Links and blobs under review, used ones too; of each queue at most 10,000 are counted. */
		readonly reviews: number;
		/** Objects that nothing uses, as far as they are among the next thousand of each queue: at least so many. */
		readonly objects: number;
		/** Their bytes. */
		readonly bytes: number;
	};
}

/**
 * What nobody uses any more, taken away online. A change that may have left a thing without use has it reviewed after a
 * delay, and every further change that touches it starts the delay anew. Each review decides on what it reads in its own
 * transaction, so that a push, link or mount comes wholly before it, and is seen, or wholly after it.
 */
export interface Collection {
	/** Takes links away that no manifest of their repository uses; repositories go that never had one and are left empty. */
	collectLinks(step: CollectionStep): Promise<Collected>;
	/** Condemns the objects of blobs that no repository links, unless there is a pin: see {@link PIN_PREFIX}. */
	collectBlobs(step: CollectionStep): Promise<Collected>;
	/**
	 * Goes on with the removal of one project that is deleted and whose window was over before the instant: first it is
	 * marked, and cannot come back; then all that it had goes, at most `limit` rows at a time; then its name is free.
	 * `collected` counts the projects of which nothing is left, `bytes` what blobs had that the project linked last.
	 */
	collectProjects(step: CollectionStep): Promise<Collected>;
	/** What came of it. Costs the same however much there is. */
	totals(signal?: AbortSignal): Promise<CollectionTotals>;
}
