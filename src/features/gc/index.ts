/**
 * Online garbage collection: what nobody uses goes, a delay after it was touched last, while clients push and pull. The
 * decisions are metadata's, each in a transaction of its own; the bytes are the sweeper's. Here is when and how fast.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Collected, Collection, CollectionStep } from "#/metadata/collection.ts";
import type { Objects } from "#/metadata/objects.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import type { Clock } from "#/registry/clock.ts";
import { ClockWatch } from "#/registry/clock-watch.ts";
import type { Report } from "#/registry/report.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import { type GcPlan, pauseAfter, planCollection } from "./plan.ts";

/** What is collected, each in a queue of its own. */
export type GcKind = "link" | "blob";

/** Is told what the collector does. */
export interface GcMeter {
	/** A batch is done. */
	collected(kind: GcKind, batch: Collected): void;
	/** A round begins, or does not. */
	planned(plan: GcPlan): void;
}

/** What the collector works with. */
export interface CollectorDeps {
	readonly collection: Collection;
	readonly objects: Pick<Objects, "watchClock">;
	readonly outbox: Pick<Outbox, "lease">;
	/** This process instance. */
	readonly holder: string;
	readonly clock: Pick<Clock, "monotonic">;
	readonly report: Report;
	readonly meter: GcMeter;
}

/** How the collector goes about it; times in milliseconds. */
export interface CollectorOpts {
	/** How long what nobody uses is left alone. @defaultValue 86 400 000 */
	readonly delayMs: number;
	/** Reviews in one transaction. @defaultValue 100 */
	readonly batch: number;
	/** Reviews in a second, of all processes together. @defaultValue 1000 */
	readonly rate: number;
	/** Batches of each kind in one round. @defaultValue 50 */
	readonly batches: number;
	/** Between rounds that have nothing more to do. @defaultValue 30 000 */
	readonly intervalMs: number;
	/** How long the right to collect is held. @defaultValue 60 000 */
	readonly leaseMs: number;
}

const DEFAULT_COLLECTOR_OPTS: CollectorOpts = {
	delayMs: 86_400_000,
	batch: 100,
	rate: 1000,
	batches: 50,
	intervalMs: 30_000,
	leaseMs: 60_000,
};

/** What one round did. */
export interface GcSummary {
	readonly plan: GcPlan;
	/** Links that were taken away. */
	readonly links: number;
	/** Blobs whose objects were condemned. */
	readonly blobs: number;
	/** Bytes that those objects have. */
	readonly bytes: number;
	/** Whether a bound ended the round, not a lack of work. */
	readonly hasMore: boolean;
}

/**
 * Works the queues of what may have lost its last use. Of several processes one holds a lease and does it, which keeps
 * the rate: should two believe that they hold it, nothing worse happens than that both work.
 */
export class Collector {
	readonly #deps: CollectorDeps;
	readonly #opts: CollectorOpts;
	readonly #watch: ClockWatch;

	constructor(deps: CollectorDeps, opts: Partial<CollectorOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_COLLECTOR_OPTS, ...opts };
		this.#watch = new ClockWatch(deps);
	}

	/** Collects until `signal` is aborted. */
	run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => (await this.round(signal)).hasMore;
		const { intervalMs } = this.#opts;
		return runRounds(round, { name: "gc", intervalMs, maxPauseMs: 3_600_000, report: this.#deps.report }, signal);
	}

	/** One bounded round. @throws MetadataError when metadata cannot answer */
	async round(signal: AbortSignal): Promise<GcSummary> {
		const { plan } = await this.#look();
		this.#deps.meter.planned(plan);
		if (plan !== "collect") return { plan, links: 0, blobs: 0, bytes: 0, hasMore: false };
		const { collection } = this.#deps;
		const links = await this.#work("link", (step) => collection.collectLinks(step), signal);
		const blobs = await this.#work("blob", (step) => collection.collectBlobs(step), signal);
		const hasMore = links.hasMore || blobs.hasMore;
		return { plan, links: links.collected, blobs: blobs.collected, bytes: blobs.bytes, hasMore };
	}

	async #look(): Promise<{ readonly plan: GcPlan; readonly touchedBefore: number }> {
		const { outbox, holder } = this.#deps;
		const { delayMs, leaseMs } = this.#opts;
		const { now, quietMs } = await this.#watch.look();
		const hasLease = (await outbox.lease("gc", holder, leaseMs)) !== undefined;
		return { plan: planCollection({ quietMs, delayMs, hasLease }), touchedBefore: now - delayMs };
	}

	async #work(
		kind: GcKind,
		collect: (step: CollectionStep) => Promise<Collected>,
		signal: AbortSignal,
	): Promise<{ readonly collected: number; readonly bytes: number; readonly hasMore: boolean }> {
		const { clock, meter } = this.#deps;
		const { batch, batches, rate } = this.#opts;
		const sum = { collected: 0, bytes: 0, hasMore: false };
		for (let i = 0; i < batches && !signal.aborted; i++) {
			const from = clock.monotonic();
			// The clock may have jumped since the last batch, and the lease wants to be kept.
			const { plan, touchedBefore } = await this.#look();
			if (plan !== "collect") return { ...sum, hasMore: false };
			const done = await collect({ touchedBefore, limit: batch });
			meter.collected(kind, done);
			sum.collected += done.collected;
			sum.bytes += done.bytes;
			sum.hasMore = done.reviewed === batch;
			const pause = pauseAfter(done.reviewed, clock.monotonic() - from, rate);
			await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
			if (!sum.hasMore) break;
		}
		return sum;
	}
}
