/**
 * The journal: every committed change, written next to the blobs that it speaks of, so that metadata can be had again
 * from the stores alone. `journaler.ts` and `snapshotter.ts` write it, `rebuild.ts` reads it.
 */

import type { Clock } from "#/lib/clock.ts";
import type { Objects } from "#/metadata/objects.ts";
import type { Outbox, OutboxRow } from "#/metadata/outbox.ts";
import { BackOff } from "#/registry/back-off.ts";
import { journalKey } from "#/registry/object-keys.ts";
import type { Report } from "#/registry/report.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import { type Stores, storeNamed } from "#/registry/store-named.ts";
import { formatSegment, segmentHash } from "./segment.ts";
import { condemn, writeObject } from "./write-object.ts";

/** What the journaler works with. */
export interface JournalerDeps {
	readonly outbox: Outbox;
	readonly objects: Objects;
	readonly stores: Stores;
	/** A new id for a key, see `new-id.ts`. */
	readonly newId: () => string;
	readonly holder: string;
	readonly clock: Clock;
	readonly report: Report;
}

/** How often and how much; times in milliseconds. */
export interface JournalerOpts {
	/** @defaultValue 1000 */
	readonly intervalMs: number;
	/** Records in a segment. @defaultValue 5000 */
	readonly maxRecords: number;
	/** Bytes of records in a segment, about. @defaultValue 1 MiB */
	readonly maxBytes: number;
	/** How long the right to write the journal is held. @defaultValue 10 000 */
	readonly leaseMs: number;
	/** How long writing one segment may take: far less than it takes an intent to become stale. @defaultValue 60 000 */
	readonly writeMs: number;
}

/** The defaults of {@link JournalerOpts}. */
const DEFAULT_JOURNALER_OPTS: JournalerOpts = {
	intervalMs: 1_000,
	maxRecords: 5_000,
	maxBytes: 1024 * 1024,
	leaseMs: 10_000,
	writeMs: 60_000,
};

/** What one round did. */
export interface JournalSummary {
	/** Records that were there. */
	readonly rows: number;
	/** Segments sealed. */
	readonly sealed: number;
}

/** How much further to look when every record in sight is of a store that fails. */
const MAX_REACH = 64;

/**
 * Takes records from the outbox into segments. Of several replicas one holds the lease; should two believe it, the seal
 * lets one of them win and the other deletes its segment.
 */
export class Journaler {
	readonly #deps: JournalerDeps;
	readonly #opts: JournalerOpts;
	readonly #backOff = new BackOff({ firstMs: 1_000, maxMs: 60_000 });
	#lease: { readonly fence: number; readonly until: number } | undefined;
	#reach = 1;
	#turn: Promise<unknown> = Promise.resolve();

	constructor(deps: JournalerDeps, opts: Partial<JournalerOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_JOURNALER_OPTS, ...opts };
	}

	/** Writes segments until `signal` is aborted. */
	run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => {
			const { rows, sealed } = await this.round(signal);
			return sealed > 0 && rows >= this.#opts.maxRecords;
		};
		const { intervalMs } = this.#opts;
		return runRounds(round, { name: "journal", intervalMs, maxPauseMs: 30_000, report: this.#deps.report }, signal);
	}

	/**
	 * Takes what is in the outbox now, at most one segment a store.
	 *
	 * @throws MetadataError; failures of a store are reported and its records wait
	 */
	round(signal: AbortSignal): Promise<JournalSummary> {
		// One after the other: two of one holder would write the same number twice, for one of them in vain.
		const round = this.#turn.then(() => this.#round(signal));
		this.#turn = round.catch(() => undefined);
		return round;
	}

	/** Lets another process write at once, where this one has the right to. Metadata may be away: then it runs out. */
	async leave(): Promise<void> {
		await this.#turn;
		const { outbox, holder, clock } = this.#deps;
		const lease = this.#lease;
		this.#lease = undefined;
		if (lease !== undefined && clock.monotonic() < lease.until) {
			await outbox.lease("journal", holder, 0).catch(() => undefined);
		}
	}

	async #round(signal: AbortSignal): Promise<JournalSummary> {
		// Without anything to write the lease is not taken, so that an idle registry writes nothing.
		if ((await this.#unjournaled(signal)).length === 0) return { rows: 0, sealed: 0 };
		const fence = await this.#hold();
		if (fence === undefined) return { rows: 0, sealed: 0 };
		// Again, for the one who had the lease before may have taken what was there.
		const rows = await this.#unjournaled(signal);
		const byStore = Map.groupBy(rows, (row) => row.store);
		let sealed = 0;
		let waiting = 0;
		for (const [store, own] of byStore) {
			if (signal.aborted) break;
			if (this.#backOff.isOff(store, this.#deps.clock.monotonic())) waiting += own.length;
			else if (await this.#writeSegment(store, own, fence, signal)) sealed += 1;
			else waiting += own.length;
		}
		if (waiting === 0) this.#reach = 1;
		else if (sealed === 0) this.#reach = Math.min(this.#reach * 2, MAX_REACH);
		return { rows: rows.length, sealed };
	}

	#unjournaled(signal: AbortSignal): Promise<readonly OutboxRow[]> {
		const { maxRecords, maxBytes } = this.#opts;
		return this.#deps.outbox.unjournaled(maxRecords * this.#reach, maxBytes * this.#reach, signal);
	}

	async #hold(): Promise<number | undefined> {
		const { outbox, holder, clock } = this.#deps;
		const { leaseMs } = this.#opts;
		const now = clock.monotonic();
		if (this.#lease !== undefined && now < this.#lease.until - leaseMs / 2) return this.#lease.fence;
		const fence = await outbox.lease("journal", holder, leaseMs);
		this.#lease = fence === undefined ? undefined : { fence, until: now + leaseMs };
		return fence;
	}

	async #writeSegment(name: string, rows: readonly OutboxRow[], fence: number, signal: AbortSignal): Promise<boolean> {
		const { outbox, stores, newId, clock, report } = this.#deps;
		try {
			const store = storeNamed(stores, name);
			const last = await outbox.lastSegment(name, signal);
			const number = (last?.number ?? 0) + 1;
			const bytes = formatSegment({ store: name, number, previous: last?.hash ?? "" }, rows);
			const hash = segmentHash(bytes);
			const object = { name, store, key: journalKey(number, newId()), purpose: "journal" } as const;
			const within = AbortSignal.any([signal, AbortSignal.timeout(this.#opts.writeMs)]);
			const size = await writeObject(this.#deps, object, [bytes], within);
			const seqs = rows.map((row) => row.seq);
			const sealed = await outbox.seal({ store: name, number, key: object.key, hash, size }, seqs, fence);
			this.#backOff.worked(name);
			if (sealed) return true;
			this.#lease = undefined;
			await condemn(this.#deps, object);
		} catch (error) {
			// When it is not known whether the seal was set, the segment stays: unsealed, its intent becomes stale.
			// Told to end: that says nothing about the store, and what ends it may be about to write the last segment.
			if (signal.aborted) return false;
			this.#backOff.failed(name, clock.monotonic());
			report({ event: "journal.segment-failed", level: "warn", error, fields: { store: name } });
		}
		return false;
	}
}
