import type { Clock } from "#/lib/clock.ts";
import type { History } from "#/metadata/history.ts";
import type { KnownObject, Objects } from "#/metadata/objects.ts";
import type { Uploads } from "#/metadata/uploads.ts";
import { BackOff } from "./back-off.ts";
import { ClockWatch } from "./clock-watch.ts";
import type { Report } from "./report.ts";
import { runRounds } from "./run-rounds.ts";
import { type Stores, storeNamed } from "./store-named.ts";

/** What the sweeper works with. */
export interface SweeperDeps {
	readonly objects: Objects;
	readonly uploads: Uploads;
	readonly history: Pick<History, "expire">;
	readonly stores: Stores;
	/** This process instance. */
	readonly holder: string;
	readonly clock: Clock;
	readonly report: Report;
}

/** How the sweeper goes about it; times in milliseconds. */
export interface SweeperOpts {
	/** @defaultValue 30 000 */
	readonly intervalMs: number;
	/** Objects claimed at a time. @defaultValue 100 */
	readonly batch: number;
	/** Batches in one round. @defaultValue 50 */
	readonly batches: number;
	/** Deletions at once. @defaultValue 8 */
	readonly concurrency: number;
	/** How long claimed objects are this sweeper's. @defaultValue 120 000 */
	readonly claimMs: number;
	/** When the intent of a journal segment or snapshot is stale. @defaultValue 3 600 000 */
	readonly staleMs: number;
	/** When an upload that nobody touches ends. @defaultValue 86 400 000 */
	readonly idleUploadMs: number;
}

/** The defaults of {@link SweeperOpts}. */
const DEFAULT_SWEEPER_OPTS: SweeperOpts = {
	intervalMs: 30_000,
	batch: 100,
	batches: 50,
	concurrency: 8,
	claimMs: 120_000,
	staleMs: 3_600_000,
	idleUploadMs: 86_400_000,
};

/** What one round did. */
export interface SweepSummary {
	readonly deleted: number;
	/** Objects whose store did not delete them; they come again when the claim is over. */
	readonly failed: number;
	/** Uploads that were idle for too long. */
	readonly expired: number;
	/** Deleted manifests that cannot be restored any more. */
	readonly ended: number;
	/** Whether a bound ended the round, not a lack of work. */
	readonly hasMore: boolean;
}

const NOTHING = { manifests: 0, places: 0 };

/**
 * Deletes the bytes of condemned objects, then their rows; so no byte is ever unknown. Any number of them may run: each
 * object is claimed, and deleting twice is harmless because keys are never used again.
 */
export class Sweeper {
	readonly #deps: SweeperDeps;
	readonly #opts: SweeperOpts;
	readonly #watch: ClockWatch;
	readonly #backOff = new BackOff({ firstMs: 5_000, maxMs: 300_000 });

	constructor(deps: SweeperDeps, opts: Partial<SweeperOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_SWEEPER_OPTS, ...opts };
		this.#watch = new ClockWatch(deps);
	}

	/** Sweeps until `signal` is aborted. */
	run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => (await this.round(signal)).hasMore;
		const { intervalMs } = this.#opts;
		return runRounds(round, { name: "sweep", intervalMs, maxPauseMs: 300_000, report: this.#deps.report }, signal);
	}

	/** One bounded round. @throws MetadataError when metadata cannot answer; failures of stores are counted instead */
	async round(signal: AbortSignal): Promise<SweepSummary> {
		const { staleMs, idleUploadMs, batch, batches } = this.#opts;
		const quiet = await this.#watch.quietMs();
		const expired = quiet < idleUploadMs ? 0 : await this.#deps.uploads.expire(idleUploadMs, batch);
		// A clock that jumped must not end windows early.
		const { manifests, places } = quiet < idleUploadMs ? NOTHING : await this.#deps.history.expire(batch);
		const ended = manifests + places;
		const summary = { deleted: 0, failed: 0, expired, ended, hasMore: false };
		if (quiet < staleMs) return summary;
		for (let i = 0; i < batches && !signal.aborted; i++) {
			const claimed = await this.#claim();
			const deleted = await this.#deleteAll(claimed, signal);
			summary.deleted += deleted;
			summary.failed += claimed.length - deleted;
			summary.hasMore = claimed.length === batch;
			if (!summary.hasMore) break;
		}
		return { ...summary, hasMore: summary.hasMore || expired === batch || ended === batch };
	}

	#claim(): Promise<readonly KnownObject[]> {
		const { batch, claimMs, staleMs } = this.#opts;
		return this.#deps.objects.claimCondemned({ holder: this.#deps.holder, limit: batch, leaseMs: claimMs, staleMs });
	}

	async #deleteAll(objects: readonly KnownObject[], signal: AbortSignal): Promise<number> {
		// Half of the claim: nobody else must get at the object while this deletion may still be under way.
		const within = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(this.#opts.claimMs / 2))]);
		const queue = objects.values();
		const gone: KnownObject[] = [];
		const work = async (): Promise<void> => {
			for (const object of queue) if (await this.#delete(object, within)) gone.push(object);
		};
		await Promise.all(Array.from({ length: Math.min(this.#opts.concurrency, objects.length) }, work));
		// All at once, so that they wait for the disk together.
		await Promise.all(gone.map(({ store, key }) => this.#deps.objects.forget(store, key)));
		return gone.length;
	}

	async #delete({ store: name, key, writerState }: KnownObject, signal: AbortSignal): Promise<boolean> {
		const { clock, stores, report } = this.#deps;
		if (signal.aborted || this.#backOff.isOff(name, clock.monotonic())) return false;
		try {
			await storeNamed(stores, name).delete(key, writerState, signal);
			this.#backOff.worked(name);
		} catch (error) {
			this.#backOff.failed(name, clock.monotonic());
			report({ event: "sweep.delete-failed", level: "warn", error, fields: { store: name, key } });
			return false;
		}
		return true;
	}
}
