/**
 * Migrating: all that is known of a store goes to another place while it is used. Clients write what is new to the target
 * already (`MigratingBlobStore`); here the rest is copied, all of it is looked at once more, and the target is called whole.
 */
import { holdLease } from "#/jobs/hold-lease.ts";
import { JobError } from "#/jobs/job-error.ts";
import type { Clock } from "#/lib/clock.ts";
import { CodedError } from "#/lib/coded-error.ts";
import type { Objects } from "#/metadata/objects.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import { BackOff } from "#/registry/back-off.ts";
import type { Report } from "#/registry/report.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { type MigrationMark, markCompleted, readMigration } from "#/storage/migration-mark.ts";
import type { MigrationNotes } from "#/storage/migration-notes.ts";
import { StoreError } from "#/storage/store-error.ts";
import { type MigrationMeter, TellProgress } from "./tell-progress.ts";
import { type CopyRight, nothingWalked, settleCopying, type WalkDeps, type Walked, walkPage } from "./walk.ts";

/** What the migrator of one store works with. */
export interface StorageMigratorDeps {
	/** The store's name. */
	readonly name: string;
	readonly former: BlobStore;
	readonly target: BlobStore;
	readonly notes: MigrationNotes;
	/** Absent as long as the target was not asked whose it is. */
	readonly begun: () => MigrationMark | undefined;
	readonly objects: Objects;
	readonly outbox: Pick<Outbox, "lease">;
	/** This process instance. */
	readonly holder: string;
	readonly clock: Clock;
	readonly report: Report;
	readonly meter: MigrationMeter;
}

/** How it goes about it; times in milliseconds. */
export interface StorageMigratorOpts {
	/** How often to look. @defaultValue 5 000 */
	readonly intervalMs: number;
	/** How long one process has the store to itself. @defaultValue 30 000 */
	readonly leaseMs: number;
	/** Objects looked at, and copied, at once. @defaultValue 4 */
	readonly concurrency: number;
}

const DEFAULT_OPTS: StorageMigratorOpts = { intervalMs: 5_000, leaseMs: 30_000, concurrency: 4 };

/** What a round came to: it is over, another process is at it, or it goes on later. */
export type MigrationRound = "completed" | "elsewhere" | "waiting";

/** What is kept off after a failure. */
const ROUND = "round";

/** Migrates one store. Any number of processes may: it is one's at a time. */
export class StorageMigrator {
	readonly #deps: StorageMigratorDeps;
	readonly #opts: StorageMigratorOpts;
	readonly #walkDeps: WalkDeps;
	readonly #tell: TellProgress;
	readonly #backOff = new BackOff({ firstMs: 5_000, maxMs: 300_000 });
	/** How far the first walk of this life came; absent: to its end. */
	#first: { last: string | undefined; readonly sum: Walked } | undefined = { last: undefined, sum: nothingWalked() };
	/** Keys at which the target had other bytes when they were last read. */
	readonly #spoilt = new Set<string>();

	constructor(deps: StorageMigratorDeps, opts: Partial<StorageMigratorOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_OPTS, ...opts };
		this.#walkDeps = { ...deps, concurrency: this.#opts.concurrency };
		this.#tell = new TellProgress(deps);
	}

	/** Works until all is in the target, or `signal` is aborted. */
	async run(signal: AbortSignal): Promise<void> {
		const over = new AbortController();
		const round = async (): Promise<boolean> => {
			if (this.#backOff.isOff(ROUND, this.#deps.clock.monotonic())) return false;
			if ((await this.round(signal)) === "completed") over.abort();
			return false;
		};
		const { intervalMs } = this.#opts;
		const rhythm = { name: "migration", intervalMs, maxPauseMs: 60_000, report: this.#deps.report };
		await runRounds(round, rhythm, AbortSignal.any([signal, over.signal]));
	}

	/** Goes on with the migration. @throws MetadataError; what a store fails at is told, and waits */
	async round(signal: AbortSignal): Promise<MigrationRound> {
		const { name, begun, outbox, holder, clock, report } = this.#deps;
		if (begun() === undefined) return "waiting";
		await using lease = await holdLease({ outbox, holder, clock }, `migrate-store:${name}`, this.#opts.leaseMs);
		if (lease === undefined) return "elsewhere";
		const right = { fence: lease.fence, signal: AbortSignal.any([signal, lease.lost]) };
		try {
			return await this.#work(right);
		} catch (error) {
			signal.throwIfAborted();
			this.#backOff.failed(ROUND, clock.monotonic());
			// Who has the store now tells how it stands.
			if (error instanceof JobError || right.signal.aborted) return "elsewhere";
			report({ event: "migration.failed", level: "warn", error, fields: { store: name } });
			const why = error instanceof CodedError ? error.message : "it failed, the log says more";
			await this.#tellFailure(why, right.signal).catch(() => undefined);
			return "waiting";
		}
	}

	async #work(right: CopyRight): Promise<MigrationRound> {
		const { name, report, begun } = this.#deps;
		const mark = await readMigration(this.#deps.target, right.signal);
		if (mark === undefined || mark.id !== begun()?.id) {
			throw new StoreError("UNAVAILABLE", "the target has lost its mark of this migration: was it emptied?");
		}
		await this.#tell.count(right.signal);
		await settleCopying(this.#walkDeps, right);
		// The mark is of another time, where metadata and files went back to a snapshot: what the target lacks is looked for.
		if (mark.completed) this.#first = undefined;
		await this.#walkFirst(right);
		const sum = await this.#compareAll(right, !mark.completed);
		if (sum.waiting > 0 || sum.troubled > 0) return await this.#wait(sum);
		if (!mark.completed) {
			await markCompleted(this.#deps.target, mark.id, right.signal);
			const { objects, bytes } = sum;
			report({ event: "migration.completed", level: "info", fields: { store: name, objects, bytes } });
		}
		return await this.#tellCompleted();
	}

	/** What was Completed stays so: that it cannot be looked at just now makes it no less. */
	async #tellFailure(why: string, signal: AbortSignal): Promise<void> {
		const mark = await readMigration(this.#deps.target, signal).catch(() => undefined);
		if (mark?.completed === true) return;
		await this.#tell.now("Copying", this.#first?.sum ?? nothingWalked(), why);
	}

	async #tellCompleted(): Promise<MigrationRound> {
		await this.#tell.now("Completed", { ...nothingWalked(), ...this.#tell.all });
		return "completed";
	}

	/** Copies, and reads again what lives before copied. A life that was held up goes on where it was. */
	async #walkFirst(right: CopyRight): Promise<void> {
		const first = this.#first;
		if (first === undefined) return;
		await this.#tell.now("Copying", first.sum);
		for (;;) {
			const page = await walkPage(this.#walkDeps, { last: first.last, compare: true, spoilt: this.#spoilt }, right);
			if (page === undefined) break;
			first.last = page.last;
			this.#add(first.sum, page.walked);
			await this.#tell.walking(first.sum);
		}
		this.#first = undefined;
	}

	/** Walks until a walk has found nothing to copy. @param tell whether on the way, too @returns what that one found */
	async #compareAll(right: CopyRight, tell: boolean): Promise<Walked> {
		for (;;) {
			const sum = nothingWalked();
			for (let last: string | undefined; ; ) {
				const page = await walkPage(this.#walkDeps, { last, compare: false, spoilt: this.#spoilt }, right);
				if (page === undefined) break;
				last = page.last;
				this.#add(sum, page.walked);
				if (tell) await this.#tell.walking(sum);
			}
			if (sum.copied === 0 || sum.troubled > 0) return sum;
		}
	}

	#add(sum: Walked, walked: Walked): void {
		for (const count of ["objects", "bytes", "copied", "copiedBytes", "waiting", "troubled"] as const) {
			sum[count] += walked[count];
		}
		sum.trouble ??= walked.trouble;
		this.#deps.meter.copied(this.#deps.name, walked.copied, walked.copiedBytes);
	}

	async #wait(sum: Walked): Promise<MigrationRound> {
		const { clock, report, name } = this.#deps;
		const { waiting, troubled, trouble } = sum;
		const whys = [
			...(troubled > 0 ? [`${troubled} objects cannot be copied, such as ${trouble}`] : []),
			...(waiting > 0 ? [`${waiting} uploads that began before it are not finished`] : []),
		];
		if (troubled > 0) {
			report({
				event: "migration.trouble",
				level: "error",
				fields: { store: name, objects: troubled, first: trouble ?? "" },
			});
		}
		this.#backOff.failed(ROUND, clock.monotonic());
		await this.#tell.now("Copying", sum, whys.join("; "));
		return "waiting";
	}
}
