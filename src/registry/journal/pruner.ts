import type { KnownObject, Objects } from "#/metadata/objects.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import { JOURNAL_PREFIX, numberOfKey, SNAPSHOT_PREFIX } from "#/registry/object-keys.ts";
import type { Report } from "#/registry/report.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import type { Stores } from "#/registry/store-named.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { checkSnapshot } from "./snapshot.ts";

/** What the pruner works with. */
export interface PrunerDeps {
	readonly objects: Objects;
	readonly outbox: Outbox;
	readonly stores: Stores;
	readonly holder: string;
	readonly report: Report;
}

/** How much stays and how often to look; times in milliseconds. */
export interface PrunerOpts {
	/** @defaultValue 60 000 */
	readonly intervalMs: number;
	/** Whole snapshots that stay, with every segment after the oldest of them; at least 2. @defaultValue 2 */
	readonly kept: number;
	/** Objects condemned in one round of a store, which is one transaction. @defaultValue 500 */
	readonly batch: number;
	/** How long one replica has the work to itself. @defaultValue 600 000 */
	readonly leaseMs: number;
}

/** The defaults of {@link PrunerOpts}. */
const DEFAULT_PRUNER_OPTS: PrunerOpts = { intervalMs: 60_000, kept: 2, batch: 500, leaseMs: 600_000 };

/** What one round did. */
export interface PruneSummary {
	/** Snapshots and segments condemned. */
	readonly condemned: number;
	/** Whether there was more than one round takes. */
	readonly hasMore: boolean;
}

/**
 * Condemns what of the journal newer snapshots have made superfluous, so that it does not grow for ever. A snapshot
 * counts only once it was read to its end: a rebuild never depends on one that nobody has looked at.
 *
 * It condemns nothing but what metadata knows as live, so it may end at any instant, be repeated, and run at many
 * replicas at once.
 */
export class Pruner {
	readonly #deps: PrunerDeps;
	readonly #opts: PrunerOpts;
	/** Snapshots that were read, by store and key: whether they are whole. */
	readonly #seen = new Map<string, boolean>();

	constructor(deps: PrunerDeps, opts: Partial<PrunerOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_PRUNER_OPTS, ...opts };
	}

	/** Looks and condemns until `signal` is aborted. */
	run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => (await this.round(signal)).hasMore;
		const { intervalMs } = this.#opts;
		return runRounds(round, { name: "prune", intervalMs, maxPauseMs: 600_000, report: this.#deps.report }, signal);
	}

	/**
	 * Condemns what is superfluous now, at most one batch a store.
	 *
	 * @throws MetadataError; failures of a store are reported, and nothing of it is condemned
	 */
	async round(signal: AbortSignal): Promise<PruneSummary> {
		const { stores, outbox, report } = this.#deps;
		const summary = { condemned: 0, hasMore: false };
		for (const [name, store] of stores) {
			const plan = await this.#plan(name, store, signal).catch((error: unknown) => {
				if (signal.aborted || !(error instanceof StoreError)) throw error;
				report({ event: "prune.store-failed", level: "warn", error, fields: { store: name } });
				return undefined;
			});
			if (plan === undefined) continue;
			await outbox.prune(name, plan.segment, plan.keys);
			summary.condemned += plan.keys.length;
			summary.hasMore ||= plan.keys.length === this.#opts.batch;
			report({ event: "prune.condemned", level: "info", fields: { store: name, objects: plan.keys.length } });
		}
		return summary;
	}

	async #plan(name: string, store: BlobStore, signal: AbortSignal): Promise<Plan | undefined> {
		const { outbox, holder } = this.#deps;
		const live = this.#live(name, SNAPSHOT_PREFIX, signal);
		const snapshots = (await Array.fromAsync(live))
			.filter((key) => this.#seen.get(idOf(name, key)) !== false)
			.reverse();
		// The cheap look first: it asks metadata alone, and nearly always there is nothing to do.
		const oldest = snapshots[this.#opts.kept - 1];
		if (oldest === undefined || (await this.#superfluous(name, oldest, signal)).keys.length === 0) return undefined;
		if ((await outbox.lease("snapshot", holder, this.#opts.leaseMs)) === undefined) return undefined;
		const whole: string[] = [];
		for (const key of snapshots) {
			if (whole.length === this.#opts.kept) break;
			if (await this.#isWhole(name, store, key, signal)) whole.push(key);
		}
		const kept = whole[this.#opts.kept - 1];
		if (kept === undefined) return undefined;
		const plan = await this.#superfluous(name, kept, signal);
		return plan.keys.length === 0 ? undefined : plan;
	}

	/** What is older than a snapshot that stays, snapshots first: none of them is left without its segments. */
	async #superfluous(name: string, kept: string, signal: AbortSignal): Promise<Plan> {
		const segment = numberOfKey(kept) ?? 0;
		const keys: string[] = [];
		const take = async (prefix: string, isOld: (key: string) => boolean): Promise<void> => {
			if (keys.length === this.#opts.batch) return;
			for await (const key of this.#live(name, prefix, signal)) {
				if (!isOld(key) || keys.push(key) === this.#opts.batch) return;
			}
		};
		await take(SNAPSHOT_PREFIX, (key) => key < kept);
		await take(JOURNAL_PREFIX, (key) => (numberOfKey(key) ?? Number.POSITIVE_INFINITY) <= segment);
		return { segment, keys };
	}

	/** The keys of live objects under a prefix, in order. */
	async *#live(name: string, prefix: string, signal: AbortSignal): AsyncGenerator<string> {
		for (let last = prefix; ; ) {
			const page: readonly KnownObject[] = await this.#deps.objects.list(name, { last, limit: PAGE }, signal);
			for (const { key, state } of page) {
				if (!key.startsWith(prefix)) return;
				if (state === "live") yield key;
				last = key;
			}
			if (page.length < PAGE) return;
		}
	}

	async #isWhole(name: string, store: BlobStore, key: string, signal: AbortSignal): Promise<boolean> {
		const id = idOf(name, key);
		const seen = this.#seen.get(id);
		if (seen !== undefined) return seen;
		let isWhole = true;
		try {
			await checkSnapshot(store, key, signal);
		} catch (error) {
			signal.throwIfAborted();
			if (error instanceof StoreError && error.code !== "CORRUPT" && error.code !== "NOT_FOUND") throw error;
			this.#deps.report({ event: "prune.snapshot-broken", level: "error", error, fields: { store: name, key } });
			isWhole = false;
		}
		this.#seen.set(id, isWhole);
		return isWhole;
	}
}

interface Plan {
	/** The last segment that a snapshot which stays contains. */
	readonly segment: number;
	readonly keys: readonly string[];
}

/** Objects asked for at a time. */
const PAGE = 500;

const idOf = (store: string, key: string): string => `${store} ${key}`;
