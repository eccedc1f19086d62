/**
 * Online garbage collection: what nobody uses goes, a delay after it was touched last, while clients push and pull. The
 * decisions are metadata's, each in a transaction of its own; the bytes are the sweeper's. Here is when and how fast.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "#/lib/clock.ts";
import type { Collected, Collection, CollectionStep } from "#/metadata/collection.ts";
import type { Objects } from "#/metadata/objects.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import { ClockWatch } from "#/registry/clock-watch.ts";
import type { Report } from "#/registry/report.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import { type GcPlan, pauseAfter, planCollection } from "./plan.ts";

/** What is collected, each in a queue of its own. */
export type GcKind = "project" | "link" | "blob";

/** Is told what the collector does. */
export interface GcMeter {
	/** A batch is done. */
	collected(kind: GcKind, batch: Collected): void;
	/** A round begins, or does not. */
	planned(plan: GcPlan): void;
}

/** What the collector works with. */
export interface CollectorDeps {
	readonly collection: Pick<Collection, "collectProjects" | "collectLinks" | "collectBlobs">;
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
	/** Reviews in a second, of all processes together; a blob takes two. @defaultValue 2000 */
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
	rate: 2000,
	batches: 50,
	intervalMs: 30_000,
	leaseMs: 60_000,
};

/** What one round did. */
export interface GcSummary {
	readonly plan: GcPlan;
	/** Deleted projects of which nothing is left. */
	readonly projects: number;
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
	/** When the lease was taken or kept last, by the monotonic clock; undefined: it is not this process's. */
	#leasedAt: number | undefined;

	constructor(deps: CollectorDeps, opts: Partial<CollectorOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_COLLECTOR_OPTS, ...opts };
		this.#watch = new ClockWatch(deps);
	}

	/** Collects until `signal` is aborted, and then leaves it to whoever comes next. */
	async run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => (await this.round(signal)).hasMore;
		const { intervalMs } = this.#opts;
		const { outbox, holder, report } = this.#deps;
		await runRounds(round, { name: "gc", intervalMs, maxPauseMs: 3_600_000, report }, signal);
		// Metadata may be away: then the lease ends by itself.
		if (this.#leasedAt !== undefined) await outbox.lease("gc", holder, 0).catch(() => undefined);
	}

	/** One bounded round. @throws MetadataError when metadata cannot answer */
	async round(signal: AbortSignal): Promise<GcSummary> {
		const { plan } = await this.#look();
		this.#deps.meter.planned(plan);
		if (plan !== "collect") return { plan, projects: 0, links: 0, blobs: 0, bytes: 0, hasMore: false };
		const { collection } = this.#deps;
		const projects = await this.#work("project", (step) => collection.collectProjects(step), signal);
		const links = await this.#work("link", (step) => collection.collectLinks(step), signal);
		const blobs = await this.#work("blob", (step) => collection.collectBlobs(step), signal);
		const hasMore = projects.hasMore || links.hasMore || blobs.hasMore;
		const { collected, bytes } = blobs;
		return { plan, projects: projects.collected, links: links.collected, blobs: collected, bytes, hasMore };
	}

	async #look(): Promise<{ readonly plan: GcPlan; readonly now: number }> {
		const { delayMs } = this.#opts;
		const { now, quietMs } = await this.#watch.look();
		return {
			plan: planCollection({ quietMs, delayMs, hasLease: await this.#keepLease() }),
			now,
		};
	}

	/** Each time that it is kept is a write, which waits for the disk: a quarter of it may pass in between. */
	async #keepLease(): Promise<boolean> {
		const { outbox, holder, clock } = this.#deps;
		const { leaseMs } = this.#opts;
		const now = clock.monotonic();
		if (this.#leasedAt !== undefined && now - this.#leasedAt < leaseMs / 4) return true;
		this.#leasedAt = (await outbox.lease("gc", holder, leaseMs)) === undefined ? undefined : now;
		return this.#leasedAt !== undefined;
	}

	async #work(
		kind: GcKind,
		collect: (step: CollectionStep) => Promise<Collected>,
		signal: AbortSignal,
	): Promise<{ readonly collected: number; readonly bytes: number; readonly hasMore: boolean }> {
		const { clock, meter } = this.#deps;
		const { batch, batches, rate, delayMs } = this.#opts;
		// A project has had its window: what it leaves without use waits for the delay.
		const waitMs = kind === "project" ? 0 : delayMs;
		const sum = { collected: 0, bytes: 0, hasMore: false };
		for (let i = 0; i < batches && !signal.aborted; i++) {
			const from = clock.monotonic();
			// The clock may have jumped since the last batch, and the lease wants to be kept.
			const { plan, now } = await this.#look();
			if (plan !== "collect") return { ...sum, hasMore: false };
			const done = await collect({ touchedBefore: now - waitMs, limit: batch });
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
