import type { ObjectStore } from "#/kube/object-store.ts";
import type { Reconcile } from "#/kube/reconciler.ts";
import type { Timing } from "#/lib/timing.ts";
import type { ControllerMeters, ReconcileVerdict } from "./controller-meters.ts";
import type { Source } from "./source.ts";

/** What keeps the objects of one kind as they are wanted. */
export interface Controller {
	/** In metrics and log lines, e.g. `project`. */
	readonly name: string;
	/** The objects of its kind: each is looked at in the beginning and whenever it changes. */
	readonly objects: ObjectStore;
	/** What else makes it look at them. */
	readonly sources?: readonly Source[];
	/** What is only read, by name: nothing runs before it is filled. */
	readonly caches?: Readonly<Record<string, ObjectStore>>;
	readonly reconcile: Reconcile;
	/** How many objects are worked on at a time. @defaultValue 4 */
	readonly workers?: number;
	/** Aborts a reconcile that takes longer, milliseconds. @defaultValue 60000 */
	readonly deadlineMs?: number;
	/** When to look again for what a reconcile waits for, milliseconds. @defaultValue 30000 */
	readonly waitMs?: number;
	/** How long the caches may take to fill, milliseconds. @defaultValue 120000 */
	readonly syncTimeoutMs?: number;
	/** How long running reconciles may go on once stopped, before they are aborted, milliseconds. @defaultValue 30000 */
	readonly graceMs?: number;
}

/** What one reconcile came to: one log line. */
export interface ReconcileLine {
	readonly level: "info" | "warn" | "error";
	readonly controller: string;
	readonly namespace: string | undefined;
	readonly name: string;
	/** Of the object when it began; absent when it had gone. */
	readonly generation: number | undefined;
	readonly reconcileID: string;
	readonly durationMs: number;
	readonly result: ReconcileVerdict;
	/** When it runs again, milliseconds; absent: when something changes, or after a back-off. */
	readonly againMs: number | undefined;
	/** Why it did not go well, or what it waits for. */
	readonly error: unknown;
}

/** What controllers work with. */
export interface ControllerDeps {
	readonly timing: Timing;
	readonly newId: () => string;
	readonly meters: ControllerMeters;
	/** Must not throw. */
	readonly log: (line: ReconcileLine) => void;
}
