import type { ObjectKey } from "#/kube/kube-object.ts";
import { type Reconcile, ReconcileError } from "#/kube/reconciler.ts";
import type { Timing } from "#/lib/timing.ts";
import type { ReconcileFault, ReconcileVerdict } from "./controller-meters.ts";

/** How one reconcile ended. */
export interface Outcome {
	readonly verdict: ReconcileVerdict;
	/** When to run again, milliseconds; absent: at its own time, or when something changes. */
	readonly againMs?: number;
	/** Why it did not go well. */
	readonly error?: unknown;
	readonly fault?: ReconcileFault;
}

/** How a reconcile is run. */
export interface AttemptOpts {
	/** Aborts the reconcile's signal after so many milliseconds. */
	readonly deadlineMs: number;
	/** When to look again for what a reconcile waits for, milliseconds. */
	readonly waitMs: number;
}

/** Sooner is nobody asked to look again: a time that has just gone by shall not become a busy loop. */
const SHORTEST_AGAIN_MS = 100;

/** Those who wait for the same thing are spread over a tenth of the time. */
const WAIT_SPREAD = 0.1;

/** Said to nobody: an abort without a reason makes an error with its stack, and there is one for each reconcile. */
const ENDED = "ended";

/** Runs one reconcile. Never rejects: whatever happens in there is an outcome. */
export const attempt = async (
	reconcile: Reconcile,
	key: ObjectKey,
	{ timing, deadlineMs, waitMs }: AttemptOpts & { readonly timing: Timing },
	signal: AbortSignal,
): Promise<Outcome> => {
	const run = new AbortController();
	const ended = new AbortController();
	let isLate = false;
	const abort = () => run.abort(signal.reason);
	if (signal.aborted) abort();
	signal.addEventListener("abort", abort, { once: true, signal: ended.signal });
	timing.sleep(deadlineMs, ended.signal).then(
		() => {
			isLate = true;
			run.abort(new DOMException(`the reconcile took longer than ${deadlineMs} ms`, "TimeoutError"));
		},
		() => undefined,
	);
	try {
		const { againMs } = await reconcile(key, run.signal);
		return againMs === undefined ? { verdict: "success" } : { verdict: "requeue_after", againMs: checked(againMs) };
	} catch (error) {
		if (isWait(error)) {
			return { verdict: "requeue_after", againMs: waitMs * (1 + WAIT_SPREAD * timing.random()), error };
		}
		const fault = isLate ? "timeout" : faultOf(error);
		return fault === undefined ? { verdict: "error", error } : { verdict: "error", error, fault };
	} finally {
		ended.abort(ENDED);
	}
};

const checked = (againMs: number): number => {
	if (!Number.isFinite(againMs)) throw new RangeError(`to run again after ${againMs} ms makes no sense`);
	return Math.max(SHORTEST_AGAIN_MS, againMs);
};

const isWait = (error: unknown): boolean => error instanceof ReconcileError && error.code === "WAIT";

/** What the language throws for mistakes in a program counts as what Go calls a panic. */
const faultOf = (error: unknown): ReconcileFault | undefined => {
	if (error instanceof ReconcileError) return error.code === "TERMINAL" ? "terminal" : undefined;
	const isMistake = error instanceof TypeError || error instanceof ReferenceError || error instanceof RangeError;
	return isMistake || !(error instanceof Error) ? "panic" : undefined;
};
