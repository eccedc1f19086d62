import type { Outbox } from "#/metadata/outbox.ts";
import { numberOfKey, SNAPSHOT_PREFIX } from "#/registry/object-keys.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import type { Stores } from "#/registry/store-named.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { type WriteSnapshotDeps, writeSnapshot } from "./snapshot.ts";

/** What the snapshotter works with. */
export interface SnapshotterDeps extends WriteSnapshotDeps {
	readonly outbox: Outbox;
	readonly stores: Stores;
}

/** How often; times in milliseconds. */
export interface SnapshotterOpts {
	/** How often to look. @defaultValue 60 000 */
	readonly intervalMs: number;
	/** Segments after which a new snapshot is due. @defaultValue 3600 */
	readonly everySegments: number;
	/** How long one replica has the work to itself. @defaultValue 600 000 */
	readonly leaseMs: number;
}

/** The defaults of {@link SnapshotterOpts}. */
const DEFAULT_SNAPSHOTTER_OPTS: SnapshotterOpts = {
	intervalMs: 60_000,
	everySegments: 3_600,
	leaseMs: 600_000,
};

/** Writes a snapshot of a store whenever the journal since the last one has become long. */
export class Snapshotter {
	readonly #deps: SnapshotterDeps;
	readonly #opts: SnapshotterOpts;
	/** The segment that the newest snapshot reaches, as far as this process saw; it only grows. */
	readonly #reached = new Map<string, number>();

	constructor(deps: SnapshotterDeps, opts: Partial<SnapshotterOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_SNAPSHOTTER_OPTS, ...opts };
	}

	/** Looks and writes until `signal` is aborted. */
	run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => {
			await this.round(signal);
			return false;
		};
		const { intervalMs } = this.#opts;
		return runRounds(round, { name: "snapshot", intervalMs, maxPauseMs: 600_000, report: this.#deps.report }, signal);
	}

	/**
	 * Writes the snapshots that are due; returns their keys.
	 *
	 * @throws MetadataError; failures of a store are reported, and its snapshot waits
	 */
	async round(signal: AbortSignal): Promise<readonly string[]> {
		const keys: string[] = [];
		for (const [name, store] of this.#deps.stores) {
			try {
				const key = await this.#write(name, store, signal);
				if (key !== undefined) keys.push(key);
			} catch (error) {
				if (signal.aborted || !(error instanceof StoreError)) throw error;
				this.#deps.report({ event: "snapshot.failed", level: "warn", error, fields: { store: name } });
			}
		}
		return keys;
	}

	/** Writes the store's snapshot if it is due and nobody else is at it. */
	async #write(name: string, store: BlobStore, signal: AbortSignal): Promise<string | undefined> {
		const { outbox, holder, report } = this.#deps;
		if (!(await this.#isDue(name, store, signal))) return undefined;
		if ((await outbox.lease("snapshot", holder, this.#opts.leaseMs)) === undefined) return undefined;
		const { key, segment, records, size } = await writeSnapshot(this.#deps, { name, store }, signal);
		this.#reached.set(name, segment);
		report({ event: "snapshot.written", level: "info", fields: { store: name, segment, records, size } });
		return key;
	}

	async #isDue(name: string, store: BlobStore, signal: AbortSignal): Promise<boolean> {
		const last = (await this.#deps.outbox.lastSegment(name, signal))?.number ?? 0;
		const isLong = (): boolean => last - (this.#reached.get(name) ?? 0) >= this.#opts.everySegments;
		if (!isLong()) return false;
		for await (const { key, staged } of store.list(SNAPSHOT_PREFIX, signal)) {
			if (!staged) this.#reached.set(name, numberOfKey(key) ?? 0);
		}
		return isLong();
	}
}
