import type { QueueMeter } from "#/kube/queue/queue-meter.ts";

/** How a reconcile ended: it went well, it failed, it is to be run again after a time, or at once. */
export type ReconcileVerdict = "success" | "error" | "requeue_after" | "requeue";

/** What is special about a failure: nothing but a change of what is wanted helps; it is a fault of ours; it took too long. */
export type ReconcileFault = "terminal" | "panic" | "timeout";

/** Counts what one controller does. */
export interface ControllerMeter {
	readonly queue: QueueMeter;
	/** A worker began with an object. */
	began(): void;
	/** It ended. */
	ended(verdict: ReconcileVerdict, ms: number, fault: ReconcileFault | undefined): void;
}

/** Counts what controllers do. */
export interface ControllerMeters {
	/** The meter of the controller of that name; all its counters exist from now on. */
	controller(name: string, workers: number): ControllerMeter;
}
