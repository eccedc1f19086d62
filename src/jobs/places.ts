import { CHANGED, TURN_OVER } from "./carry-out.ts";

/** How many may run, and for how long. */
export interface PlacesOpts {
	/** Runs at the same time. */
	readonly concurrency: number;
	/** Of them, runs of one tenant. */
	readonly perTenant: number;
}

/** A run that goes on. */
export interface PlacedRun {
	readonly tenant: string;
	readonly generation: number;
	/** By the clock that never jumps, milliseconds. */
	readonly startedAt: number;
	/** How long it may go on while others wait, milliseconds. */
	readonly turnMs: number;
	readonly ending: AbortController;
	readonly done: Promise<unknown>;
}

/** The runs of one process, and who has room for another. */
export class Places {
	readonly #opts: PlacesOpts;
	readonly #running = new Map<string, PlacedRun>();

	constructor(opts: PlacesOpts) {
		this.#opts = opts;
	}

	has(uid: string): boolean {
		return this.#running.has(uid);
	}

	/** Whether a run of this tenant may begin. */
	hasRoom(tenant: string): boolean {
		return this.#running.size < this.#opts.concurrency && this.#runsOf(tenant).length < this.#opts.perTenant;
	}

	/** A run begins, whether there is room or not. */
	add(uid: string, run: PlacedRun): void {
		this.#running.set(uid, run);
	}

	/** It ended. */
	delete(uid: string): void {
		this.#running.delete(uid);
	}

	/** Ends runs of policies that are gone, or of another generation than is listed. */
	endChanged(generations: ReadonlyMap<string, number>): void {
		for (const [uid, { generation, ending }] of this.#running) {
			if (generations.get(uid) !== generation) ending.abort(CHANGED);
		}
	}

	/** Somebody waits: of the runs whose place he could have, and that had their turn, the longest ends. One at a time. */
	makeRoom(tenant: string, now: number): void {
		const own = this.#runsOf(tenant);
		const runs = own.length < this.#opts.perTenant ? [...this.#running.values()] : own;
		if (runs.some(({ ending }) => ending.signal.aborted)) return;
		const [longest] = runs
			.filter(({ startedAt, turnMs }) => now - startedAt >= turnMs)
			.toSorted((a, b) => a.startedAt - b.startedAt);
		longest?.ending.abort(TURN_OVER);
	}

	/** Resolves when all that run now have ended, however they did. */
	async ended(): Promise<void> {
		await Promise.allSettled([...this.#running.values()].map(({ done }) => done));
	}

	#runsOf(tenant: string): readonly PlacedRun[] {
		return [...this.#running.values()].filter((run) => run.tenant === tenant);
	}
}
