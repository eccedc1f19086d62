import type { Clock } from "#/lib/clock.ts";
import type { Pulls } from "#/metadata/artifacts.ts";
import type { Digest } from "#/oci/digest.ts";
import type { Report } from "./report.ts";
import { runRounds } from "./run-rounds.ts";

/** What {@link PullRecorder} works with. */
export interface PullRecorderDeps {
	readonly pulls: Pulls;
	readonly clock: Clock;
	readonly report: Report;
}

/** Settings of {@link PullRecorder}. */
export interface PullRecorderOpts {
	/** Between two writes, in milliseconds. @defaultValue 10 seconds */
	readonly intervalMs: number;
	/** Of one manifest no pull is noted that follows another within so many milliseconds. @defaultValue 1 minute */
	readonly everyMs: number;
	/** How many wait to be written, and how many are remembered, at most. @defaultValue 10000 */
	readonly maxEntries: number;
}

const DEFAULT_OPTS: PullRecorderOpts = { intervalMs: 10_000, everyMs: 60_000, maxEntries: 10_000 };

type Note = Parameters<Pulls["note"]>[0][number];

/**
 * Keeps account of when manifests were pulled last, behind the requests: a pull costs a look into a map, and many pulls
 * are written together. A process that is killed forgets the last few seconds.
 */
export class PullRecorder {
	readonly #deps: PullRecorderDeps;
	readonly #opts: PullRecorderOpts;
	/** Those that wait to be written. */
	#waiting = new Map<string, Note>();
	/** When a manifest was noted, by the monotonic clock; the one that was noted first comes first. */
	readonly #noted = new Map<string, number>();
	#lost = 0;
	#writing: Promise<void> | undefined;

	constructor(deps: PullRecorderDeps, opts: Partial<PullRecorderOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_OPTS, ...opts };
	}

	/** Notes a pull of now. Never throws and never waits. */
	note(repositoryId: number, digest: Digest): void {
		const { clock } = this.#deps;
		const { everyMs, maxEntries } = this.#opts;
		const key = `${repositoryId} ${digest}`;
		const now = clock.monotonic();
		const last = this.#noted.get(key);
		if (last !== undefined && now - last < everyMs) return;
		if (this.#waiting.size >= maxEntries) {
			this.#lost += 1;
			return;
		}
		this.#waiting.set(key, { repositoryId, digest, at: clock.now() });
		this.#remember(key, now);
		// Sooner than usual, so that there is room for those that follow.
		if (this.#waiting.size * 2 >= maxEntries && this.#writing === undefined) this.#write().catch(() => undefined);
	}

	/** Writes what was noted, again and again, until `signal` is aborted; then once more. Never throws. */
	async run(signal: AbortSignal): Promise<void> {
		const { report } = this.#deps;
		const { intervalMs } = this.#opts;
		const round = async (): Promise<boolean> => {
			await this.flush();
			return false;
		};
		await runRounds(round, { name: "pulls", intervalMs, maxPauseMs: 300_000, report }, signal);
		await this.flush().catch((error: unknown) => report({ event: "pulls.failed", level: "warn", error }));
	}

	/** Writes what was noted so far; what could not be written waits. @throws MetadataError */
	async flush(): Promise<void> {
		await this.#writing?.catch(() => undefined);
		await this.#write();
	}

	/** One write at a time: joins the one that is under way. */
	#write(): Promise<void> {
		this.#writing ??= this.#writeWaiting().finally(() => {
			this.#writing = undefined;
		});
		return this.#writing;
	}

	async #writeWaiting(): Promise<void> {
		const { pulls, report } = this.#deps;
		const notes = this.#waiting;
		if (notes.size === 0) return;
		this.#waiting = new Map();
		const lost = this.#lost;
		this.#lost = 0;
		if (lost > 0) report({ event: "pulls.lost", level: "warn", fields: { lost } });
		try {
			await pulls.note([...notes.values()]);
		} catch (error) {
			for (const [key, note] of notes) {
				if (this.#waiting.has(key)) continue;
				if (this.#waiting.size < this.#opts.maxEntries) this.#waiting.set(key, note);
				else this.#lost += 1;
			}
			throw error;
		}
	}

	#remember(key: string, now: number): void {
		this.#noted.delete(key);
		this.#noted.set(key, now);
		if (this.#noted.size <= this.#opts.maxEntries) return;
		const [first] = this.#noted.keys();
		if (first !== undefined) this.#noted.delete(first);
	}
}
