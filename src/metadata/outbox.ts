/**
 * A change that was committed, written in the transaction of the change.
 * `body` is JSON; binary members are base64. Record kinds and bodies: `records.ts`.
 */
export interface OutboxRow {
	readonly seq: number;
	/** Milliseconds since the epoch, by the database's writer. */
	readonly at: number;
	/** The named store whose journal takes it. */
	readonly store: string;
	readonly kind: string;
	readonly body: string;
}

/** A sealed journal segment: each names the hash of the one before it, per store. */
export interface JournalSegment {
	readonly store: string;
	/** 1, 2, 3 … per store. */
	readonly number: number;
	readonly key: string;
	/** SHA-256 over the segment's bytes, hex; the bytes open with the previous segment's hash. */
	readonly hash: string;
}

/** Committed changes on their way to the journal and to features. */
export interface Outbox {
	/** Rows that are in no journal segment yet, in order, at most `limit` rows and about `maxBytes` of bodies. */
	unjournaled(limit: number, maxBytes: number, signal?: AbortSignal): Promise<readonly OutboxRow[]>;
	/** The last sealed segment of a store; absent before the first. */
	lastSegment(store: string, signal?: AbortSignal): Promise<JournalSegment | undefined>;
	/**
	 * Records that a segment is durable in its store, and takes the rows in it out of the outbox. False when the
	 * segment does not follow the last one, or `fence` is not the current holder's (another journaler was faster).
	 */
	seal(segment: JournalSegment & { readonly size: number }, seqs: readonly number[], fence: number): Promise<boolean>;
	/**
	 * Condemns the journal segments and snapshots under `keys`, and forgets that segments up to `segment` were sealed;
	 * the last one stays known, for the next follows it. Repeating it changes nothing.
	 */
	prune(store: string, segment: number, keys: readonly string[]): Promise<void>;
	/** Takes or keeps a named lease on background work; undefined while another holder has it, else its fencing token. */
	lease(name: string, holder: string, leaseMs: number): Promise<number | undefined>;
}
