/**
 * The whole of metadata as records of the journal's own kinds, so that a rebuild knows one form only:
 * it applies the records of the last snapshot, then those of every later segment.
 */
import type { OutboxRow } from "./outbox.ts";

/** A record as snapshot and journal hold it. */
export type JournalRecord = Pick<OutboxRow, "kind" | "body" | "store" | "at">;

/** Snapshots for backup and rebuild. */
export interface Snapshots {
	/**
	 * All state of `store` as records, consistent at one instant, in an order that can be applied from the top.
	 * `segment` is the last journal segment whose records are all contained, 0 before the first, and `hash` is its hash.
	 * What it holds is let go when the records have been read, or when `signal` is aborted.
	 */
	export(
		store: string,
		signal: AbortSignal,
	): Promise<{
		readonly segment: number;
		readonly hash: string;
		readonly records: AsyncIterable<JournalRecord>;
	}>;
	/**
	 * Applies records to this metadata store, in order; applying the same records twice changes nothing.
	 *
	 * @param fence of the lease that this is done under; absent: nobody else is at it
	 * @returns whether the lease is still held; otherwise nothing was applied
	 */
	restore(records: readonly JournalRecord[], fence?: number): Promise<boolean>;
	/** Remembers where the journal of a store stands after a rebuild, so that new segments follow it. */
	adopt(segment: import("./outbox.ts").JournalSegment): Promise<void>;
}
