/** Moving: what a project has goes to another store while it is used. See `Moves` for what is atomic. */
import { holdLease } from "#/jobs/hold-lease.ts";
import type { Clock } from "#/lib/clock.ts";
import { PIN_PREFIX } from "#/metadata/collection.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { Move } from "#/metadata/moves.ts";
import { BackOff } from "#/registry/back-off.ts";
import type { Report } from "#/registry/report.ts";
import { runRounds } from "#/registry/run-rounds.ts";
import type { Stores } from "#/registry/store-named.ts";
import { type MoveCounts, moveProject } from "./move-project.ts";
import { tellMove } from "./tell-move.ts";

/** What the mover works with. */
export interface MoverDeps {
	readonly metadata: Pick<Metadata, "moves" | "outbox" | "objects">;
	readonly stores: Stores;
	/** This process instance. */
	readonly holder: string;
	readonly newId: () => string;
	readonly clock: Clock;
	readonly report: Report;
}

/** How it goes about it; times in milliseconds. */
export interface MoverOpts {
	/** How often to look. @defaultValue 5 000 */
	readonly intervalMs: number;
	/** How long one process has a project to itself. @defaultValue 30 000 */
	readonly leaseMs: number;
	/** Blobs copied at once. @defaultValue 4 */
	readonly concurrency: number;
}

/** The defaults of {@link MoverOpts}. */
const DEFAULT_MOVER_OPTS: MoverOpts = { intervalMs: 5_000, leaseMs: 30_000, concurrency: 4 };

/** What one round did. */
export interface MoveSummary extends MoveCounts {
	/** Projects that are where they are to be. */
	readonly arrived: number;
	/** Those that could not go on now. */
	readonly waiting: number;
}

/** Projects asked for at a time. */
const PAGE = 100;

/** Moves projects, one after the other. Any number of processes may: each project is one's at a time. */
export class Mover {
	readonly #deps: MoverDeps;
	readonly #opts: MoverOpts;
	readonly #backOff = new BackOff({ firstMs: 5_000, maxMs: 60_000 });

	constructor(deps: MoverDeps, opts: Partial<MoverOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_MOVER_OPTS, ...opts };
	}

	/** Moves until `signal` is aborted. */
	run(signal: AbortSignal): Promise<void> {
		const round = async (): Promise<boolean> => {
			await this.round(signal);
			return false;
		};
		const { intervalMs } = this.#opts;
		return runRounds(round, { name: "move", intervalMs, maxPauseMs: 60_000, report: this.#deps.report }, signal);
	}

	/** Goes on with all moves. @throws MetadataError; what a store fails at is told with the project, and waits */
	async round(signal: AbortSignal): Promise<MoveSummary> {
		const summary = { arrived: 0, waiting: 0, repositories: 0, blobs: 0, bytes: 0 };
		for await (const move of this.#all(signal)) {
			if (signal.aborted) break;
			const moved = await this.#move(move, signal);
			if (moved === undefined) {
				summary.waiting += 1;
				continue;
			}
			summary[moved.arrived ? "arrived" : "waiting"] += 1;
			for (const count of ["repositories", "blobs", "bytes"] as const) summary[count] += moved[count];
		}
		return summary;
	}

	/** All of them: many that wait, for a store that is away, keep no other one waiting. */
	async *#all(signal: AbortSignal): AsyncGenerator<Move> {
		for (let after = 0; ; ) {
			const page = await this.#deps.metadata.moves.list({ after, limit: PAGE }, signal);
			yield* page;
			after = page.at(-1)?.projectId ?? after;
			if (page.length < PAGE) return;
		}
	}

	/** Absent: another process has it, or it failed a moment ago. */
	async #move(move: Move, signal: AbortSignal): Promise<(MoveCounts & { readonly arrived: boolean }) | undefined> {
		const { metadata, holder, clock, report } = this.#deps;
		const id = String(move.projectId);
		// Another store than the one that failed is tried at once.
		const attempt = `${id} ${move.to}`;
		if (this.#backOff.isOff(attempt, clock.monotonic())) return undefined;
		const { leaseMs } = this.#opts;
		const leases = { outbox: metadata.outbox, holder, clock };
		await using lease = await holdLease(leases, `move:${id}`, leaseMs);
		if (lease === undefined) return undefined;
		// What is copied has no link before its repository is there.
		await using pin = await holdLease(leases, `${PIN_PREFIX}move:${id}`, leaseMs);
		if (pin === undefined) return undefined;
		const right = { fence: lease.fence, signal: AbortSignal.any([signal, lease.lost, pin.lost]) };
		const tell = tellMove({ moves: metadata.moves, clock }, move);
		const counts = { repositories: 0, blobs: 0, bytes: 0 };
		try {
			const { concurrency } = this.#opts;
			const arrived = await moveProject({ ...this.#deps, tell, concurrency }, { move, right, counts });
			this.#backOff.worked(attempt);
			if (arrived) await tell.end();
			return { ...counts, arrived };
		} catch (error) {
			signal.throwIfAborted();
			this.#backOff.failed(attempt, clock.monotonic());
			report({ event: "move.failed", level: "warn", error, fields: { project: move.project, to: move.to } });
			await tell.failed(error, counts);
			return { ...counts, arrived: false };
		}
	}
}
