import { CodedError } from "#/lib/coded-error.ts";
import type { ObjectKey } from "./kube-object.ts";

/** What is to happen after a reconcile that went well. */
export interface ReconcileResult {
	/** When to look again without being told to, milliseconds; absent: when something changes. */
	readonly againMs?: number | undefined;
}

/** Makes one object so. Level-triggered: it is told which object, never what happened. */
export type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;

/**
 * Why a reconcile ended early. TERMINAL: what is wanted must change first, no retry. WAIT: something else must come to
 * be first; it is watched, and looked for again after a while. Anything else is retried with back-off.
 */
export class ReconcileError extends CodedError<"TERMINAL" | "WAIT"> {
	override readonly name = "ReconcileError";
}
