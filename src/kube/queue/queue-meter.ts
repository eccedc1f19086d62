/** What a queue is like at this moment. */
export interface QueueState {
	/** Keys that could be taken, by priority. */
	readonly depths: ReadonlyMap<number, number>;
	/** How long what runs now has been running, milliseconds, added up. */
	readonly unfinishedMs: number;
	/** How long the one that runs longest has been running, milliseconds; 0 when none runs. */
	readonly longestMs: number;
}

/** Counts what a queue does. */
export interface QueueMeter {
	/** A key joined the queue that was not in it. */
	added(): void;
	/** A key is to join later. */
	retried(): void;
	/** A key was taken, so many milliseconds after it had joined. */
	taken(waitedMs: number): void;
	/** The work on a key ended after so many milliseconds. */
	worked(ms: number): void;
	/** Told once: where the queue's state is read whenever somebody asks for it. */
	read(state: () => QueueState): void;
}
