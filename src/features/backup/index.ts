/**
 * Backups of a whole registry into an archive: snapshot, blobs, and the journal from there on, so that it can be had
 * again as it was at any instant between. `restore.ts` brings it back.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type HeldLease, holdLease } from "#/jobs/hold-lease.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import { BACKUPS_PREFIX } from "./archive-keys.ts";
import { readCondemned } from "./archived-blobs.ts";
import { BackupError } from "./backup-error.ts";
import { type BackupOpts, DEFAULT_BACKUP_OPTS } from "./backup-opts.ts";
import { type BackupDeps, beginWork, type Work } from "./backup-work.ts";
import type { BackupManifest } from "./documents.ts";
import { claimArchive } from "./identity.ts";
import { ARCHIVE_PIN, makeBackup } from "./make-backup.ts";
import { type Retained, retain } from "./retain.ts";
import { shipJournal, writeMark } from "./ship-journal.ts";

/** How one backup is made. */
export interface BackUpOpts {
	/** How long to wait while another one is made, milliseconds. @defaultValue a little longer than a lease lasts */
	readonly waitMs?: number;
	/** Counts what was copied while it goes on. */
	readonly copied?: Work["copied"];
	/** Told as soon as it is whole, before what nobody needs any more is cleared away; waited for. */
	readonly made?: (manifest: BackupManifest) => Promise<void>;
}

/** A backup that is whole, and what went for it. */
export interface FinishedBackup {
	readonly manifest: BackupManifest;
	/** Absent: it failed, which was reported, and is tried again with the next backup. */
	readonly retained: Retained | undefined;
}

const LOOK_MS = 250;

/** Makes backups, and ships the journal in between. */
export class Backups {
	readonly #deps: BackupDeps;
	readonly #opts: BackupOpts;
	#turn: Promise<unknown> = Promise.resolve();
	#hasBackup = false;
	/** The last segment of each store that is in the archive, as far as this process knows. */
	readonly #shipped = new Map<string, number>();

	constructor(deps: BackupDeps, opts: Partial<BackupOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_BACKUP_OPTS, ...opts };
	}

	/** Ships the journal until `signal` is aborted. */
	run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => {
			await this.ship(signal);
			return false;
		};
		const { intervalMs } = this.#opts;
		return runRounds(
			round,
			{ name: "backup.ship", intervalMs, maxPauseMs: 600_000, report: this.#deps.report },
			signal,
		);
	}

	/**
	 * Ships what is new in the journal, if there is a backup that it goes on from, and nobody else is at the archive.
	 *
	 * @returns segments
	 * @throws BackupError, StoreError, MetadataError
	 */
	ship(signal: AbortSignal): Promise<number> {
		return this.#inTurn(async () => {
			if (!(await this.#isGoneOnFrom(signal)) || (await this.#isShipped(signal))) return 0;
			await using lease = await holdLease(this.#leaseDeps(), ARCHIVE_PIN, this.#opts.leaseMs);
			if (lease === undefined) return 0;
			const within = AbortSignal.any([signal, lease.lost]);
			const work = await this.#begin(lease, within);
			const { mark, shipped } = await shipJournal(this.#deps, work, new Map(), within);
			if (shipped > 0) await writeMark(this.#deps, mark, within);
			for (const [name, { number }] of Object.entries(mark.journal)) this.#shipped.set(name, number);
			this.#deps.meter.shipped(mark.until);
			return shipped;
		});
	}

	/** Whether there is a backup that the journal goes on from. */
	async #isGoneOnFrom(signal: AbortSignal): Promise<boolean> {
		this.#hasBackup ||= (await this.#deps.archive.find(BACKUPS_PREFIX, () => true, signal)) !== undefined;
		return this.#hasBackup;
	}

	/** Whether nothing was sealed since this process looked last: then it does without writing anything anywhere. */
	async #isShipped(signal: AbortSignal): Promise<boolean> {
		const { metadata, stores, clock, meter } = this.#deps;
		const now = clock.now();
		const [waiting] = await metadata.outbox.unjournaled(1, 1, signal);
		for (const name of stores.keys()) {
			const sealed = (await metadata.outbox.lastSegment(name, signal))?.number ?? 0;
			if (sealed !== this.#shipped.get(name)) return false;
		}
		meter.shipped(waiting === undefined ? now : Math.min(now, waiting.at - 1));
		return true;
	}

	/**
	 * Makes a backup of the registry as it is now, while clients push. It is whole, verified and named in the archive when
	 * this resolves; when it rejects, or its process dies, it is not there.
	 *
	 * @throws BackupError, StoreError, MetadataError; JobError LOST when another process took the archive over
	 */
	backUp(
		signal: AbortSignal,
		{ waitMs = this.#opts.leaseMs * 1.25, copied, made }: BackUpOpts = {},
	): Promise<FinishedBackup> {
		return this.#inTurn(async () => {
			await using lease = await this.#acquire(waitMs, signal);
			const within = AbortSignal.any([signal, lease.lost]);
			const { work, manifest } = await this.#make(lease, copied, within).catch((error: unknown) => {
				this.#deps.meter.ended(false, this.#deps.clock.now());
				throw error;
			});
			this.#deps.meter.ended(true, manifest.at);
			this.#hasBackup = true;
			await made?.(manifest);
			return { manifest, retained: await this.#retain(manifest, work, within) };
		});
	}

	async #make(
		lease: HeldLease,
		copied: Work["copied"] | undefined,
		signal: AbortSignal,
	): Promise<{ readonly work: Work; readonly manifest: BackupManifest }> {
		const startedAt = this.#deps.clock.now();
		const work = await this.#begin(lease, signal, copied);
		const goesOn = await this.#isGoneOnFrom(signal);
		return { work, manifest: await makeBackup(this.#deps, this.#opts, { work, startedAt, lease, goesOn }, signal) };
	}

	async #retain({ at }: BackupManifest, { condemned }: Work, signal: AbortSignal): Promise<Retained | undefined> {
		const { archive, newId, stores, report } = this.#deps;
		const deps = { archive, newId, stores: [...stores.keys()] };
		try {
			return await retain(deps, { from: at - this.#opts.windowMs, condemned }, signal);
		} catch (error) {
			signal.throwIfAborted();
			report({ event: "backup.retention-failed", level: "error", error });
			return undefined;
		}
	}

	/** Makes the archive ours, and looks at what is on its way out of it. */
	async #begin({ fence }: HeldLease, signal: AbortSignal, copied?: Work["copied"]): Promise<Work> {
		const { metadata, archive, newId } = this.#deps;
		await claimArchive(archive, await metadata.origins.identify(newId()), signal);
		return beginWork({ fence, condemned: await readCondemned(archive, signal) }, copied);
	}

	/** The lease of one that died runs out before long. */
	async #acquire(waitMs: number, signal: AbortSignal): Promise<HeldLease> {
		const { clock } = this.#deps;
		const { leaseMs } = this.#opts;
		const until = clock.monotonic() + waitMs;
		for (;;) {
			const lease = await holdLease(this.#leaseDeps(), ARCHIVE_PIN, leaseMs);
			if (lease !== undefined) return lease;
			if (clock.monotonic() > until) throw new BackupError("BUSY", "another backup of this registry is being made");
			await sleep(LOOK_MS, undefined, { signal });
		}
	}

	#leaseDeps() {
		const { metadata, holder, clock } = this.#deps;
		return { outbox: metadata.outbox, holder, clock };
	}

	/** One after the other: a lease does not keep a process from itself. */
	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#turn.then(work);
		this.#turn = done.catch(() => undefined);
		return done;
	}
}
