import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { JsonObject, PolicyRun, RunResult } from "#/jobs/policy-feature.ts";
import type { Replicated } from "./replicate.ts";
import type { Tally } from "./tally.ts";

/** What a run did so far. */
export const figuresOf = ({ copied, skipped, failed, removed, bytes }: Tally) =>
	({ copied, skipped, failed, removed, bytes }) satisfies JsonObject;

/** How a run ended, in words. */
export const outcomeOf = ({ stopped, ended }: Replicated, tally: Tally): Pick<RunResult, "outcome" | "message"> => {
	const { copied, skipped, failed, removed } = tally;
	const done = `${copied} copied, ${skipped} in sync, ${removed} removed, ${failed} failed`;
	const why = [ended, tally.failures === "" ? undefined : tally.failures].filter((text) => text !== undefined);
	if (ended !== undefined || failed > 0) {
		const message = [done, ...why, ...(stopped === undefined ? [] : [stopped])].join("; ");
		return { outcome: "Failed", message: cut(message) };
	}
	if (stopped !== undefined) return { outcome: "Stopped", message: cut(stopped) };
	return { outcome: "Succeeded", message: done };
};

/** A message that is no longer than one may be. */
export const cut = (message: string): string => message.slice(0, 1_024);

/** Between two lines about how far a run has come, milliseconds. */
const TELL_EVERY_MS = 5_000;

/** Keeps the figures of a run that goes on; one that is over is kept by its result. */
export const tellNowAndThen = (run: PolicyRun<ReplicationPolicySpec>, tally: Tally): Disposable => {
	const timer = setInterval(() => {
		// Who lost the policy hears of it by the run's signal.
		void run.keep({ figures: figuresOf(tally) }).catch(() => undefined);
	}, TELL_EVERY_MS);
	timer.unref();
	return { [Symbol.dispose]: () => clearInterval(timer) };
};
