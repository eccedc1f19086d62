import { z } from "zod";
import { pauseAfterFailures, type RunCause, type RunHistory } from "./due.ts";
import type { JsonObject, ParsedPolicy, PolicyTiming, RunProgress, RunResult, RunTrigger } from "./policy-feature.ts";

const trigger = z.enum(["Schedule", "Request", "Event", "Command"]);
const json = z.record(z.string(), z.unknown());

const runEntry = z.object({
	id: z.string(),
	trigger,
	startedAt: z.number(),
	finishedAt: z.number().optional(),
	outcome: z.enum(["Running", "Succeeded", "Failed", "Stopped", "Interrupted"]),
	message: z.string(),
	figures: json,
});

const runBook = z.object({
	/** What of the spec `since` was reckoned for. */
	timing: z.string().optional(),
	generation: z.number().optional(),
	since: z.number().optional(),
	begunRequest: z.string().optional(),
	/** The request whose run has ended. */
	handledRequest: z.string().optional(),
	failures: z.number().default(0),
	retry: z.object({ trigger, at: z.number() }).optional(),
	/** The newest first. The first one alone may be Running. */
	runs: z.array(runEntry).default([]),
	/** What the report says beside the runs, as the feature gave it. */
	report: json.optional(),
	/** What the feature keeps for itself. */
	feature: json.optional(),
});

/** What is kept of a policy's runs, in its state. */
export type RunBook = z.output<typeof runBook>;

/** Runs that are told. */
const MAX_RUNS = 5;
const MAX_MESSAGE = 1_024;

/** Reads a policy's state. What cannot be read is as if it had never been looked at: a run more does no harm. */
export const readBook = (state: JsonObject | undefined): RunBook => {
	const parsed = runBook.safeParse(state ?? {});
	return parsed.success ? parsed.data : { failures: 0, runs: [] };
};

/** The book as {@link RunHistory} sees it. */
export const historyOf = ({ since, begunRequest, retry, runs }: RunBook): RunHistory => ({
	since,
	begunRequest,
	retry,
	isCut: runs[0]?.outcome === "Interrupted",
	hasRun: runs.length > 0,
	endedAt: runs[0]?.finishedAt,
});

/** The run that is under way, or was when its process died. */
export const runningIn = ({ runs: [first] }: RunBook): RunBook["runs"][number] | undefined =>
	first?.outcome === "Running" ? first : undefined;

/** Whether the policy is as it was when the book was last written. */
export const isNoted = (book: RunBook, { generation, spec }: ParsedPolicy<PolicyTiming>): boolean =>
	book.generation === generation && book.timing === timingOf(spec);

/**
 * Notes what the policy says now. Slots before a change of the schedule, and those that were slept through while it was
 * suspended, are not made up for; what failed is tried with the new spec at once.
 */
export const note = (book: RunBook, { generation, spec }: ParsedPolicy<PolicyTiming>, now: number): RunBook => {
	const timing = timingOf(spec);
	const isNewSpec = book.generation !== generation;
	return {
		...book,
		generation,
		timing,
		since: book.timing === timing ? (book.since ?? now) : now,
		retry: book.retry && isNewSpec ? { ...book.retry, at: now } : book.retry,
	};
};

const timingOf = ({ schedule = "", suspend }: PolicyTiming): string =>
	`${suspend ? "suspended" : "active"} ${schedule}`;

/**
 * Begins a run. Whatever it was asked for by, it is what the last request wanted. What waits to be tried again goes on
 * waiting beside a run for an event, which does not look at all, and beside a command, until that has succeeded.
 */
export const begin = (
	book: RunBook,
	{ isRetry, ...run }: RunCause & { readonly id: string; readonly figures: JsonObject },
	requestedAt: string | undefined,
	now: number,
): RunBook => ({
	...book,
	since: run.trigger === "Schedule" ? now : book.since,
	begunRequest: requestedAt ?? book.begunRequest,
	retry: !isRetry && (run.trigger === "Event" || run.trigger === "Command") ? book.retry : undefined,
	runs: [{ ...run, startedAt: now, outcome: "Running" as const, message: "" }, ...book.runs].slice(0, MAX_RUNS),
});

/** Takes over what a run kept so far. */
export const progress = (book: RunBook, { figures, report, state }: RunProgress): RunBook => {
	const [run, ...older] = book.runs;
	return {
		...book,
		runs: run === undefined ? [] : [{ ...run, figures: { ...run.figures, ...figures } }, ...older],
		report: report ?? book.report,
		feature: state ?? book.feature,
	};
};

/** What is known of a run that ended. */
type RunEnd = Pick<RunResult, "outcome" | "message" | "longestPauseMs">;

/** Ends the run that is under way. A failure is tried again after a while that doubles with every one in a row. */
export const finish = (book: RunBook, end: RunEnd, now: number): RunBook => {
	const [run, ...older] = book.runs;
	if (run === undefined) return book;
	const { outcome, message } = end;
	const ended = { ...run, outcome, message: clip(message), finishedAt: now };
	return {
		...book,
		...afterRun(book, run.trigger, end, now),
		runs: [ended, ...older],
		handledRequest: book.begunRequest,
	};
};

/** What is to be tried again, and after how many failures in a row. */
const afterRun = (
	{ failures, retry }: RunBook,
	trigger: RunTrigger,
	{ outcome, longestPauseMs = Number.POSITIVE_INFINITY }: RunEnd,
	now: number,
): Pick<RunBook, "failures" | "retry"> => {
	const isBeside = retry !== undefined;
	if (outcome !== "Failed")
		return isBeside && trigger === "Event" ? { failures, retry } : { failures: 0, retry: undefined };
	const count = isBeside ? failures : failures + 1;
	const at = now + Math.min(pauseAfterFailures(isBeside ? 1 : count), longestPauseMs);
	// Both wait together, for the sooner of the two.
	if (isBeside) return { failures, retry: trigger === "Event" ? { ...retry, at: Math.min(retry.at, at) } : retry };
	return { failures: count, retry: againAt(trigger, at) };
};

/**
 * Ends a run that was cut short, and asks for it again: at once where it was told to end, and as after a failure where
 * its process died, which it may have been the cause of.
 */
export const interrupt = (
	book: RunBook,
	{ message, died }: { readonly message: string; readonly died: boolean },
	now: number,
): RunBook => {
	const [run, ...older] = book.runs;
	if (run === undefined) return book;
	const failures = died ? book.failures + 1 : book.failures;
	const at = died ? run.startedAt + pauseAfterFailures(failures) : now;
	const ended = { ...run, outcome: "Interrupted" as const, message, finishedAt: now };
	// What waited beside it is made up for by the same run, of the wider of the two triggers.
	const trigger = run.trigger === "Event" ? (book.retry?.trigger ?? run.trigger) : run.trigger;
	return { ...book, runs: [ended, ...older], failures, retry: againAt(trigger, at) ?? book.retry };
};

/** Who gave a command has heard how it ended, and may give it again. */
const againAt = (trigger: RunTrigger, at: number): RunBook["retry"] =>
	trigger === "Command" ? undefined : { trigger, at };

/** The report of a policy. */
export const reportOf = (book: RunBook, nextRunAt: number | undefined, blank: JsonObject): JsonObject => ({
	...blank,
	...book.report,
	runs: book.runs.map(({ figures, ...run }) => ({ ...figures, ...run })),
	...(nextRunAt === undefined ? {} : { nextRunAt }),
	...(book.handledRequest === undefined ? {} : { handledRequest: book.handledRequest }),
});

const clip = (text: string): string => (text.length <= MAX_MESSAGE ? text : `${text.slice(0, MAX_MESSAGE - 1)}…`);
