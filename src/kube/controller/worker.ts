import { setImmediate as nextTurn } from "node:timers/promises";
import { KubeError } from "#/kube/kube-error.ts";
import { splitKey } from "#/kube/kube-object.ts";
import type { Work, WorkQueue } from "#/kube/queue/work-queue.ts";
import { attempt, type Outcome } from "./attempt.ts";
import type { Controller, ControllerDeps } from "./controller.ts";
import type { ControllerMeter } from "./controller-meters.ts";
import { INITIAL_PRIORITY } from "./source.ts";

/** What a {@link Worker} works with. */
export interface WorkerDeps extends ControllerDeps {
	readonly queue: WorkQueue;
	readonly meter: ControllerMeter;
}

/** How many reconciles there may be between two turns of the event loop. */
const RECONCILES_A_TURN = 64;

/** Takes objects of one controller from the queue and reconciles them; several may run on one. */
export class Worker {
	readonly #controller: Controller;
	readonly #deps: WorkerDeps;
	readonly #signal: AbortSignal;
	#inTurn = 0;

	constructor(controller: Controller, deps: WorkerDeps, signal: AbortSignal) {
		this.#controller = controller;
		this.#deps = deps;
		this.#signal = signal;
	}

	/** Works until the queue has stopped. */
	async run(): Promise<void> {
		const { queue } = this.#deps;
		for (let next = await queue.take(); next !== undefined; next = await queue.take()) {
			await this.#handle(next);
			await this.#breathe();
		}
	}

	async #handle(work: Work): Promise<void> {
		const { queue, meter, timing } = this.#deps;
		const { reconcile, objects, deadlineMs = 60_000, waitMs = 30_000 } = this.#controller;
		const generation = objects.get(work.key)?.metadata.generation;
		const began = timing.monotonic();
		meter.began();
		const outcome = await attempt(reconcile, work.key, { timing, deadlineMs, waitMs }, this.#signal);
		const ms = timing.monotonic() - began;
		requeue(queue, work, outcome);
		queue.done(work.key);
		meter.ended(outcome.verdict, ms, outcome.fault);
		this.#log(work, { outcome, ms, generation });
	}

	#log(
		work: Work,
		{ outcome, ms, generation }: { outcome: Outcome; ms: number; generation: number | undefined },
	): void {
		const { verdict, againMs, error, fault } = outcome;
		this.#deps.log({
			level: verdict !== "error" ? "info" : fault === "panic" ? "error" : "warn",
			controller: this.#controller.name,
			...splitKey(work.key),
			generation,
			reconcileID: this.#deps.newId(),
			durationMs: ms,
			result: verdict,
			againMs,
			error,
		});
	}

	/** Reconciles that find all in order wait for nothing: thousands of them would hold up everything else. */
	async #breathe(): Promise<void> {
		this.#inTurn++;
		if (this.#inTurn < RECONCILES_A_TURN) return;
		this.#inTurn = 0;
		await nextTurn();
	}
}

/** What is looked at again within this is still being settled, milliseconds. */
const SETTLING_MS = 60_000;

/**
 * The rules of controller-runtime. What is being settled stays as urgent as it is, whatever wakes it meanwhile; what only
 * has its time to come is nobody's hurry then.
 */
const requeue = (queue: WorkQueue, { key, priority }: Work, { verdict, againMs, error, fault }: Outcome): void => {
	if (verdict === "error" && fault !== "terminal") {
		queue.retry(key, { priority, atLeastMs: error instanceof KubeError ? error.retryAfterMs : undefined });
		return;
	}
	queue.forget(key);
	if (againMs === undefined) return;
	queue.add(key, { priority: againMs > SETTLING_MS ? INITIAL_PRIORITY : priority, afterMs: againMs });
};
