import type { PolicyTiming, RunTrigger } from "./policy-feature.ts";
import { type FindSlot, findSlot } from "./slots.ts";

/** What is known of a policy's runs, as far as it says when the next one is due. Instants: milliseconds since the epoch. */
export interface RunHistory {
	/** Slots of the schedule up to here are done with; absent: the policy was never looked at. */
	readonly since: number | undefined;
	/** The request whose run has begun. */
	readonly begunRequest: string | undefined;
	/** What is to be tried again, and not before when. */
	readonly retry: { readonly trigger: RunTrigger; readonly at: number } | undefined;
	/** Whether the last run was cut short: all but requests waits for it to be made up for. */
	readonly isCut: boolean;
	/** Whether a run ever began. */
	readonly hasRun: boolean;
	/** When the last run ended; absent: there was none. */
	readonly endedAt: number | undefined;
}

/** Why a run is to begin. */
export interface RunCause {
	readonly trigger: RunTrigger;
	/** Whether it makes up for what failed or was cut short. */
	readonly isRetry: boolean;
}

/** Whether a policy is due, and for what; else when to look again, if ever by itself. */
export type Due = ({ readonly due: true } & RunCause) | { readonly due: false; readonly at: number | undefined };

/** The first pause after a failure, and the longest, milliseconds. */
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** Between a run and the next one for an event, milliseconds: what happens in numbers is worth one run. */
const EVENT_SPACING_MS = 2_000;
/** Between any run and the next one, where what failed waits to be tried again, milliseconds. */
const FAILING_SPACING_MS = 5_000;

/** A clock that is behind what it said before by more than this was set back. Milliseconds. */
const SET_BACK_MS = 60_000;

/**
 * Whether a policy is to run at `now`. A slot that was missed is made up for once, however many there were. What failed
 * is tried again after its pause; slots, new events and requests do not wait for that. After a run that was cut short
 * only requests do not: it may have been what its process died of. What runs once is due until it has begun.
 *
 * @param find finds slots, and may keep them
 */
export const planDue = (
	timing: PolicyTiming,
	history: RunHistory,
	hasEvent: boolean,
	now: number,
	find: FindSlot = findSlot,
): Due => {
	if (timing.suspend || (timing.once && history.hasRun)) return { due: false, at: undefined };
	if (timing.once) return planAt((history.since ?? now) + timing.once.afterMs, run("Request"), now);
	const { requestedAt } = timing;
	if (requestedAt !== undefined && requestedAt !== history.begunRequest) return run("Request");
	const { retry } = history;
	const again = retry && planAt(retry.at, { trigger: retry.trigger, isRetry: true }, now);
	if (again?.due || (again !== undefined && history.isCut)) return again;
	const plans = [again, planSlot(timing, history, now, find), hasEvent ? planEvent(history, now) : undefined];
	const due = plans.find((plan) => plan?.due);
	return due ?? { due: false, at: earliest(plans.map((plan) => (plan?.due === false ? plan.at : undefined))) };
};

const planSlot = (
	{ schedule }: PolicyTiming,
	{ since, retry, endedAt = 0 }: RunHistory,
	now: number,
	find: FindSlot,
): Due => {
	const slot = schedule === undefined ? undefined : find(schedule, startOf(since, now));
	if (slot === undefined || slot > now) return { due: false, at: slot };
	// It is due: at once, but for the pause that failures ask for.
	return retry === undefined ? run("Schedule") : planAt(endedAt + FAILING_SPACING_MS, run("Schedule"), now);
};

const planEvent = ({ retry, endedAt = 0 }: RunHistory, now: number): Due =>
	planAt(endedAt + (retry === undefined ? EVENT_SPACING_MS : FAILING_SPACING_MS), run("Event"), now);

const run = (trigger: RunTrigger) => ({ due: true, trigger, isRetry: false }) as const;

/** No pause is longer than the longest: where it seems so, the clock was set back. */
const planAt = (at: number, { trigger, isRetry }: RunCause, now: number): Due =>
	at <= now || at > now + LONGEST_PAUSE_MS + SET_BACK_MS ? { due: true, trigger, isRetry } : { due: false, at };

const earliest = (instants: readonly (number | undefined)[]): number | undefined => {
	const known = instants.filter((at) => at !== undefined);
	return known.length === 0 ? undefined : Math.min(...known);
};

/** When it will run next by itself; absent: it will not. */
export const nextRunAt = (timing: PolicyTiming, history: RunHistory, now: number): number | undefined => {
	const plan = planDue({ ...timing, requestedAt: history.begunRequest }, history, false, now);
	return plan.due ? now : plan.at;
};

/** How long to leave a policy alone after so many failures in a row, milliseconds. */
export const pauseAfterFailures = (failures: number): number =>
	Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);

/** Slots after here are yet to come. Where the clock was set back, those that it passes again are. */
const startOf = (since: number | undefined, now: number): number =>
	since === undefined || since > now + SET_BACK_MS ? now : since;
