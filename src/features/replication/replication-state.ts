import { z } from "zod";
import type { JsonObject } from "#/jobs/policy-feature.ts";

const replicationState = z.object({
	/** The registry on the other side, which all that is remembered is about: `settleOtherSide`. */
	other: z.string(),
	/** When the policy ran first, milliseconds since the epoch. */
	firstRunAt: z.int(),
	/** What changed here before was dealt with, milliseconds since the epoch. */
	since: z.int(),
	/** What changed here between `since` and then was tried in vain, and waits to be tried again; absent: nothing does. */
	tried: z.int().exactOptional(),
	/** The generation of the policy under which everything was looked at once; absent: none yet. */
	full: z.int().exactOptional(),
	/** Whether the last look at everything left something behind, for which everything is looked at again. */
	isOpen: z.boolean().exactOptional(),
	/** When the last run began that saw all of the source, milliseconds since the epoch; absent: none did. */
	comparedAt: z.int().exactOptional(),
});

/** What the feature keeps of a policy between runs. */
export type ReplicationState = z.output<typeof replicationState>;

/** What was kept; absent before the first run, or when it was kept by a release that did so otherwise. */
export const readState = (state: JsonObject | undefined): ReplicationState | undefined =>
	replicationState.safeParse(state).data;

/** What changed before then was tried, milliseconds since the epoch. */
export const triedUntil = ({ since, tried = since }: Pick<ReplicationState, "since" | "tried">): number => tried;

/** What a run knows of itself when it is over. */
export interface RunFacts {
	/** Milliseconds since the epoch. */
	readonly startedAt: number;
	readonly generation: number;
	/** Whether it was about everything, and not about changes alone. */
	readonly isFull: boolean;
	/** Whether it came to its end. */
	readonly isThrough: boolean;
	/** Whether it saw all that it was about. */
	readonly isComplete: boolean;
	/** Whether nothing failed. */
	readonly isDone: boolean;
	/** As they are kept from now on. */
	readonly since: number;
	readonly tried?: number | undefined;
}

/** What is kept after a run. */
export const stateAfter = (before: ReplicationState, run: RunFacts): ReplicationState => {
	const full = run.isFull && run.isThrough ? run.generation : before.full;
	const isOpen = run.isFull ? !run.isDone : before.isOpen;
	const comparedAt = run.isFull && run.isComplete ? run.startedAt : before.comparedAt;
	return {
		other: before.other,
		firstRunAt: before.firstRunAt,
		since: run.since,
		...(run.tried === undefined ? {} : { tried: run.tried }),
		...(full === undefined ? {} : { full }),
		...(isOpen ? { isOpen } : {}),
		...(comparedAt === undefined ? {} : { comparedAt }),
	};
};
