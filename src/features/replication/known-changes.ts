import { type Changes, OVERLAP_MS } from "./changes.ts";
import { type ReplicationState, triedUntil } from "./replication-state.ts";

/** What this process knows of a policy's changes: of each repository, when it had changed as a run looked at it. */
export interface KnownChanges {
	/** The generation of the policy that ran last; absent: none did here. */
	readonly generation: number | undefined;
	/** Seen by a run, and found again when looking from where that came to: no event again until they change once more. */
	readonly seen: ReadonlyMap<string, number>;
	/** Dealt with, while others wait to be tried again: those that are tried with them may be left out. */
	readonly handled: ReadonlyMap<string, number>;
}

/** Of a policy that did not run here. */
export const NOTHING_KNOWN: KnownChanges = { generation: undefined, seen: new Map(), handled: new Map() };

/** More are looked at again, which harms nobody. */
const MAX_HANDLED = 10_000;

/** How a run went, as far as it is about changes. */
interface ChangesRun {
	readonly generation: number;
	/** Whether it looked at everything, whatever had changed. */
	readonly isFull: boolean;
	/** Whether it looked at what had been tried before, too. */
	readonly isRetry: boolean;
	/** Whether nothing failed. */
	readonly isDone: boolean;
	readonly changes: Pick<Changes, "seen" | "since">;
}

/** What a run leaves behind. */
interface AfterRun extends Pick<ReplicationState, "since" | "tried"> {
	readonly known: KnownChanges;
}

/**
 * What is known after a run. What was tried in vain lies between `since` and `tried`, and is looked at again by the run
 * that tries again; but after a run that was about everything, so is that one, and needs no range.
 */
export const afterRun = (known: KnownChanges, state: ReplicationState, run: ChangesRun): AfterRun => {
	const { generation, isFull, isRetry, isDone, changes } = run;
	const until = Math.max(triedUntil(state), changes.since);
	const recent = [...known.seen, ...changes.seen].filter(([, at]) => at >= until - OVERLAP_MS);
	const seen = new Map(recent);
	const isSettled = isFull || (isDone && (isRetry || state.tried === undefined));
	if (isSettled) return { since: until, known: { generation, seen, handled: new Map() } };
	// What it passed over may be what is to be tried again.
	const fresh = isDone && !isRetry ? [...changes.seen].filter(([name, at]) => known.seen.get(name) !== at) : [];
	const handled = new Map([...known.handled, ...fresh].slice(-MAX_HANDLED));
	return { since: state.since, tried: until, known: { generation, seen, handled } };
};
