import { setTimeout as sleep } from "node:timers/promises";
import { CodedError } from "#/lib/coded-error.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Policies } from "#/metadata/policies.ts";
import { nextRunAt, type RunCause } from "./due.ts";
import type { HeldLease } from "./hold-lease.ts";
import { JobError } from "./job-error.ts";
import type { ParsedPolicy, PolicyFeature, PolicySpec } from "./policy-feature.ts";
import type { PolicyMeter } from "./policy-meter.ts";
import { begin, finish, historyOf, interrupt, progress, type RunBook, reportOf } from "./run-book.ts";

/** What happens behind the requests and somebody should know. */
type Report = (event: {
	readonly event: string;
	readonly level: "info" | "warn" | "error";
	readonly error?: unknown;
	readonly fields?: Readonly<Record<string, string | number | boolean>>;
}) => void;

/** What carrying policies out takes. */
export interface CarryOutDeps {
	readonly policies: Pick<Policies, "save">;
	readonly newId: () => string;
	/** Wall clock in milliseconds since the epoch, and milliseconds that never jump. */
	readonly clock: { now(): number; monotonic(): number };
	readonly report: Report;
	readonly meter: PolicyMeter;
}

/** A policy that this process alone carries out, and what is kept of it. */
export interface HeldPolicy<Spec extends PolicySpec> {
	readonly policy: ParsedPolicy<Spec>;
	readonly lease: HeldLease;
	readonly book: RunBook;
}

/** Why a run is told to end. */
export const CHANGED = new JobError("LOST", "the policy changed while it ran");

/** Why a run is told to end that was long while others waited. */
export const TURN_OVER = new JobError("LOST", "it makes room for policies that have waited, and goes on after them");

/** How often in a row its runs have made room already, as far as the book goes back. */
export const turnsCut = ({ runs }: RunBook): number => {
	const other = runs.findIndex(({ message }) => message !== TURN_OVER.message);
	return other === -1 ? runs.length : other;
};

/** Keeps a policy's book, and tells of it. @throws JobError LOST when the policy is gone, or another process has it */
export const saveBook = async <Spec extends PolicySpec>(
	feature: PolicyFeature<Spec>,
	{ policies, clock }: Pick<CarryOutDeps, "policies" | "clock">,
	{ policy, lease, book }: HeldPolicy<Spec>,
): Promise<void> => {
	const next = nextRunAt(policy.spec, historyOf(book), clock.now());
	const report = reportOf(book, next, feature.blank(policy.spec).report);
	if (await policies.save(policy.uid, { fence: lease.fence, state: { ...book }, report })) return;
	lease.leave();
	throw new JobError("LOST", "the policy is gone, or another process took it over");
};

/**
 * Runs a policy that is held. Resolves to its book, which is kept, with the run that ended first; it rejects only with
 * what keeping it failed with.
 *
 * @throws JobError LOST, MetadataError
 */
export const carryOut = async <Spec extends PolicySpec>(
	feature: PolicyFeature<Spec>,
	deps: CarryOutDeps,
	held: HeldPolicy<Spec>,
	cause: RunCause,
	signal: AbortSignal,
): Promise<RunBook> => {
	const { clock, meter, newId } = deps;
	const { policy, lease } = held;
	const id = newId();
	const startedAt = clock.now();
	const from = clock.monotonic();
	const { figures } = feature.blank(policy.spec);
	let book = begin(held.book, { id, ...cause, figures }, policy.spec.requestedAt, startedAt);
	const save = () => saveBook(feature, deps, { ...held, book });
	await save();
	meter.began(feature.name);
	const ending = AbortSignal.any([signal, lease.lost]);
	const keep = async (step: Parameters<typeof progress>[1]): Promise<void> => {
		ending.throwIfAborted();
		book = progress(book, step);
		await save();
	};
	try {
		const result = await feature.run({ id, ...cause, startedAt, policy, state: book.feature, keep }, ending);
		book = finish(progress(book, result), result, clock.now());
	} catch (error) {
		if (lease.lost.aborted) throw lease.lost.reason;
		if (error instanceof JobError && error !== signal.reason && error.code === "LOST") throw error;
		book = ending.aborted
			? interrupt(book, { message: wordEnd(signal.reason), died: false }, clock.now())
			: finish(book, { outcome: "Failed", message: tellFailure(feature, deps, policy.uid, error) }, clock.now());
	} finally {
		meter.ended(feature.name, book.runs[0]?.outcome ?? "Interrupted", clock.monotonic() - from);
	}
	await (policy.spec.once ? persist(save, ending) : save());
	return book;
};

/** What is not run again is kept as soon as metadata answers, for as long as nobody else can have the policy. */
const persist = async (save: () => Promise<void>, signal: AbortSignal): Promise<void> => {
	for (;;) {
		try {
			return await save();
		} catch (error) {
			if (!(error instanceof MetadataError) || signal.aborted) throw error;
			await sleep(RETRY_MS, undefined, { ref: false });
		}
	}
};

/** Between two attempts to keep how a run ended, milliseconds. */
const RETRY_MS = 500;

const wordEnd = (reason: unknown): string =>
	[CHANGED, TURN_OVER].find((known) => known === reason)?.message ??
	"it was told to end, or the process that ran it was";

/** Failures with a code are worded for people; others are for the log alone. */
const tellFailure = (
	{ name }: { readonly name: string },
	{ report }: Pick<CarryOutDeps, "report">,
	policy: string,
	error: unknown,
): string => {
	report({ event: "policy.failed", level: "error", error, fields: { kind: name, policy } });
	return error instanceof CodedError ? error.message : "it failed; the registry's log says why";
};
