import type { Clock } from "#/lib/clock.ts";
import type { Objects } from "#/metadata/objects.ts";
import type { MigrationNotes, MigrationProgress } from "#/storage/migration-notes.ts";
import type { Walked } from "./walk.ts";

/** Is told how a store's migration goes. */
export interface MigrationMeter {
	copied(store: string, objects: number, bytes: number): void;
	progress(store: string, progress: MigrationProgress): void;
}

/** What {@link TellProgress} works with. */
export interface TellProgressDeps {
	readonly name: string;
	readonly notes: MigrationNotes;
	readonly objects: Pick<Objects, "list">;
	readonly clock: Pick<Clock, "monotonic">;
	readonly meter: MigrationMeter;
}

/** How often progress is written, milliseconds. */
const INTERVAL_MS = 3_000;
/** Objects counted at a time. */
const PAGE = 1_000;

/** Tells how far a migration is, by a note that any process beside the files can read. */
export class TellProgress {
	readonly #deps: TellProgressDeps;
	#all = { objects: 0, bytes: 0 };
	#toldAt = Number.NEGATIVE_INFINITY;

	constructor(deps: TellProgressDeps) {
		this.#deps = deps;
	}

	/** What was counted last. */
	get all(): { readonly objects: number; readonly bytes: number } {
		return this.#all;
	}

	/** Counts what there is to copy. @throws MetadataError */
	async count(signal: AbortSignal): Promise<void> {
		const all = { objects: 0, bytes: 0 };
		const { objects, name } = this.#deps;
		for (let last: string | undefined; ; ) {
			const page = await objects.list(name, { last, limit: PAGE }, signal);
			for (const { state, size = 0 } of page) {
				if (state !== "live") continue;
				all.objects += 1;
				all.bytes += size;
			}
			last = page.at(-1)?.key;
			if (page.length < PAGE) break;
		}
		this.#all = all;
	}

	/** At most every few seconds. @throws StoreError */
	async walking(done: Walked): Promise<void> {
		if (this.#deps.clock.monotonic() - this.#toldAt >= INTERVAL_MS) await this.now("Copying", done);
	}

	/** @param message what it waits for, or what is the matter @throws StoreError */
	async now(stage: MigrationProgress["stage"], done: Walked, message?: string): Promise<void> {
		this.#toldAt = this.#deps.clock.monotonic();
		const { name, notes, meter } = this.#deps;
		const progress: MigrationProgress = {
			stage,
			objects: outOf(done.objects, this.#all.objects),
			bytes: outOf(done.bytes, this.#all.bytes),
			...(message === undefined ? {} : { message }),
		};
		meter.progress(name, progress);
		await notes.writeProgress(progress);
	}
}

/** More may have come since all were counted. */
const outOf = (done: number, all: number) => ({ done, all: Math.max(done, all) });
