// A collector in the histories, which may die, or get no further with a removal, wherever the history says so.
import { Collector, type GcSummary } from "#/features/gc/index.ts";
import type { Collected, Collection, CollectionStep } from "#/metadata/collection.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { ManualClock } from "../../support/manual-clock.ts";
import { forever } from "../../support/registry.ts";
import { Crash } from "./collecting-retention.ts";

/** What collectors of a history did, added up by all of them. */
export class CollectingCounts {
	/** Links and blobs that were taken away. */
	collected = 0;
	/** Objects that were condemned. */
	condemned = 0;
	/** Times that links and blobs were looked at while a project was half removed. */
	amid = 0;
	/** Links and blobs that were taken away at those times. */
	collectedAmid = 0;
	/** Deaths in the midst of a removal. */
	diedAmid = 0;
	/** Steps of the removal under way that took something; 0: there is none. */
	removing = 0;
}

/** What a collector of a history works with. */
export interface CollectingCollectorDeps {
	readonly metadata: Metadata;
	readonly clock: ManualClock;
	readonly counts: CollectingCounts;
	readonly delayMs: number;
	rows(sql: string): Promise<readonly object[]>;
	fail(event: string): void;
}

/** How far one round goes. */
export interface RoundBounds {
	/** Commands before the process dies; undefined: it does not. */
	readonly crash?: number | undefined;
	/** Steps of removals at most; undefined: all. */
	readonly removals?: number | undefined;
	/** Whether links and blobs are none of its business. @defaultValue false */
	readonly removesOnly?: boolean;
}

/** A {@link Collector} in one process. */
export class CollectingCollector {
	readonly #deps: CollectingCollectorDeps;
	readonly #collector: Collector;
	#bounds: RoundBounds = {};
	#commands = 0;
	#removals = 0;

	constructor(deps: CollectingCollectorDeps) {
		this.#deps = deps;
		const { collection, objects, outbox } = deps.metadata;
		const bounded = {
			collectProjects: (step: CollectionStep) => this.#remove(collection, step),
			collectLinks: (step: CollectionStep) => this.#collect(() => collection.collectLinks(step)),
			collectBlobs: (step: CollectionStep) => this.#collect(() => collection.collectBlobs(step)),
		};
		const meter = {
			collected: (kind: "project" | "link" | "blob", { collected }: Collected) => {
				if (kind !== "project") deps.counts.collected += collected;
				if (kind === "blob") deps.counts.condemned += collected;
			},
			planned: () => undefined,
		};
		const report = ({ event }: { readonly event: string }): void => deps.fail(event);
		const { clock, delayMs } = deps;
		const made = { objects, outbox, collection: bounded, holder: "gc", clock, report, meter };
		this.#collector = new Collector(made, { delayMs, batch: 2, batches: 1_000, rate: 1e9 });
	}

	/** One round. @throws Crash where the process dies */
	async round(bounds: RoundBounds = {}): Promise<GcSummary> {
		this.#bounds = bounds;
		this.#commands = 0;
		this.#removals = 0;
		return await this.#collector.round(forever);
	}

	async #remove(collection: Collection, step: CollectionStep): Promise<Collected> {
		const { counts } = this.#deps;
		if (this.#removals === this.#bounds.removals) return NOTHING;
		this.#removals += 1;
		this.#step();
		const done = await collection.collectProjects(step);
		if (done.reviewed > 0) counts.removing = done.collected === 0 ? counts.removing + 1 : 0;
		return done;
	}

	async #collect(collect: () => Promise<Collected>): Promise<Collected> {
		if (this.#bounds.removesOnly === true) return NOTHING;
		this.#step();
		const { counts } = this.#deps;
		// The first step of a removal takes nothing.
		const isAmid = counts.removing > 1 && (await this.#isHalfRemoved());
		const done = await collect();
		if (isAmid) {
			counts.amid += 1;
			counts.collectedAmid += done.collected;
		}
		return done;
	}

	async #isHalfRemoved(): Promise<boolean> {
		const rows = await this.#deps.rows(`SELECT p.name FROM projects p JOIN repositories r ON r.project_id = p.id
			WHERE p.removal = 'begun'`);
		return rows.length > 0;
	}

	/** One command less until the process dies. */
	#step(): void {
		if (this.#commands === this.#bounds.crash) {
			if (this.#deps.counts.removing > 1) this.#deps.counts.diedAmid += 1;
			throw new Crash();
		}
		this.#commands += 1;
	}
}

const NOTHING: Collected = { reviewed: 0, collected: 0, bytes: 0 };
