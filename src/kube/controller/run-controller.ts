import type { ObjectStore } from "#/kube/object-store.ts";
import { WorkQueue } from "#/kube/queue/work-queue.ts";
import type { Timing } from "#/lib/timing.ts";
import type { Controller, ControllerDeps } from "./controller.ts";
import { ownKind } from "./source.ts";
import { untilSynced } from "./until-synced.ts";
import { Worker } from "./worker.ts";

/**
 * Runs a controller: once all caches are filled its workers take key after key, never the same one twice at a time,
 * until the signal is aborted. Then what runs may end, and nothing runs any more when the promise settles.
 *
 * @throws KubeError UNAVAILABLE when the caches do not fill in time
 */
export const runController = async (
	controller: Controller,
	deps: ControllerDeps,
	signal: AbortSignal,
): Promise<void> => {
	const { objects, caches = {}, workers = 4, syncTimeoutMs = 120_000, graceMs = 30_000 } = controller;
	if (signal.aborted) return;
	const meter = deps.meters.controller(controller.name, workers);
	using queue = new WorkQueue({ timing: deps.timing, meter: meter.queue });
	using subscriptions = new DisposableStack();
	const sources = [ownKind(controller.name, objects), ...(controller.sources ?? [])];
	for (const source of sources) {
		subscriptions.use(source.subscribe((key, priority) => queue.add(key, { priority })));
	}
	const cached = Object.entries(caches).map(([name, store]) => new NamedStore(name, store));
	try {
		await untilSynced([...sources, ...cached], { timing: deps.timing, timeoutMs: syncTimeoutMs }, signal);
	} catch (error) {
		if (signal.aborted) return;
		throw error;
	}
	using grace = new Grace(queue, { timing: deps.timing, graceMs }, signal);
	const worker = new Worker(controller, { ...deps, queue, meter }, grace.signal);
	await Promise.all(Array.from({ length: workers }, () => worker.run()));
};

/** A store that says whose it is. */
class NamedStore {
	readonly name: string;
	readonly #store: ObjectStore;

	constructor(name: string, store: ObjectStore) {
		this.name = name;
		this.#store = store;
	}

	get synced(): boolean {
		return this.#store.synced;
	}
}

/** Between being told to stop and having stopped: nothing new begins, and what goes on too long is aborted. */
class Grace implements Disposable {
	readonly #abort = new AbortController();
	readonly #ended = new AbortController();

	constructor(queue: WorkQueue, opts: { timing: Timing; graceMs: number }, signal: AbortSignal) {
		const begin = () => {
			queue[Symbol.dispose]();
			opts.timing.sleep(opts.graceMs, this.#ended.signal).then(
				() => this.#abort.abort(signal.reason),
				() => undefined,
			);
		};
		if (signal.aborted) begin();
		else signal.addEventListener("abort", begin, { once: true, signal: this.#ended.signal });
	}

	/** Of the reconciles. */
	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	[Symbol.dispose](): void {
		this.#ended.abort();
		this.#abort.abort();
	}
}
