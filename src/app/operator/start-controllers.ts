import { Caches, type CachesOpts, type Stores } from "./caches.ts";
import { describeCall } from "./describe-call.ts";
import { type ControllersDeps, runControllers } from "./run-controllers.ts";

/** Controllers that run. */
export interface StartedControllers {
	/** What there is at the API server, as the controllers see it. */
	readonly stores: Stores;
	/** Resolves when the signal was aborted and nothing is under way any more; rejects when they cannot run. */
	readonly ended: Promise<void>;
}

/** Starts what keeps the resources of all kinds as they are wanted, in a process that controls alone. */
export const startControllers = (deps: ControllersDeps, opts: CachesOpts, signal: AbortSignal): StartedControllers => {
	const { client, timing, logger } = deps;
	const report = (error: unknown) => logger.warn("cache.failed", { error: describeCall(error) });
	const caches = new Caches({ client, timing, report }, opts);
	const ending = new AbortController();
	const run = async (): Promise<void> => {
		// The controllers read what the caches hold until the last of them has ended.
		const cached = caches.run(ending.signal);
		try {
			await runControllers(deps, caches.stores, signal);
		} finally {
			ending.abort();
			await cached;
		}
	};
	return { stores: caches.stores, ended: run() };
};
