import { CachedStore } from "#/kube/cached-store.ts";
import type { Controller, ReconcileLine } from "#/kube/controller/controller.ts";
import { runController } from "#/kube/controller/run-controller.ts";
import type { KubeObject, ObjectKey } from "#/kube/kube-object.ts";
import type { IndexFunction } from "#/kube/object-store.ts";
import type { Reconcile } from "#/kube/reconciler.ts";
import { ManualTiming, settle } from "../../support/manual-timing.ts";
import { recordingControllerMeters } from "../../support/recording-meters.ts";

/** A store for tests; what its listeners throw ends the test. */
export const openStore = (indexes: { readonly [name: string]: IndexFunction } = {}): CachedStore =>
	new CachedStore(
		{
			report: (error) => {
				throw error;
			},
		},
		indexes,
	);

/** A controller that runs, over a store of its own kind, with time that goes when told. */
export const startController = (reconcile: Reconcile, opts: Partial<Controller> = {}) => {
	const timing = new ManualTiming();
	const meters = recordingControllerMeters();
	const lines: ReconcileLine[] = [];
	const runs: ObjectKey[] = [];
	const stop = new AbortController();
	const objects = openStore();
	let ids = 0;
	const controller: Controller = {
		name: "widget",
		objects,
		...opts,
		reconcile: (key, signal) => {
			runs.push(key);
			return reconcile(key, signal);
		},
	};
	const deps = { timing, meters, newId: () => `id-${++ids}`, log: (line: ReconcileLine) => lines.push(line) };
	const ended = runController(controller, deps, stop.signal);
	// A failure is looked at where a test waits for the end.
	ended.catch(() => undefined);
	return {
		timing,
		meters,
		lines,
		/** The keys that were reconciled, in order. */
		runs,
		objects,
		ended,
		stop: (reason?: unknown) => stop.abort(reason),
		/** Fills its own kind's store and lets the controller notice. */
		fill: async (...filled: readonly KubeObject[]): Promise<void> => {
			objects.replaceAll(filled);
			await timing.advance(50);
			await settle();
		},
	};
};
