import type { ArchiveStanding } from "#/control/control.ts";
import type { Clock } from "#/lib/clock.ts";
import { CodedError } from "#/lib/coded-error.ts";
import { FreshCache } from "#/lib/fresh-cache.ts";
import { untilAborted } from "#/lib/until-aborted.ts";
import type { Report } from "#/registry/report.ts";
import type { Archive } from "./archive.ts";
import type { BackupMeter } from "./backup-work.ts";
import { edgeBackups } from "./edge-backups.ts";
import { isOwnArchive } from "./identity.ts";
import { lastMark } from "./last-mark.ts";

/** What {@link ArchiveStandings} works with. */
export interface ArchiveStandingsDeps {
	readonly archive: Archive;
	/** The id of the registry whose archive it should be. */
	readonly registry: () => Promise<string>;
	readonly clock: Pick<Clock, "monotonic">;
	readonly report: Report;
}

/** How an archive is looked at; times in milliseconds. */
export interface ArchiveStandingsOpts {
	/** How old what is told may be. @defaultValue 60 000 */
	readonly maxAgeMs: number;
	/** How long the archive may take to answer. @defaultValue 10 000 */
	readonly lookMs: number;
}

const DEFAULT_OPTS: ArchiveStandingsOpts = { maxAgeMs: 60_000, lookMs: 10_000 };

/** Tells how an archive stands. It is looked at once in a while, and anew after what this process does to it. */
export class ArchiveStandings implements BackupMeter {
	readonly #deps: ArchiveStandingsDeps;
	readonly #opts: ArchiveStandingsOpts;
	readonly #looks: FreshCache<number, ArchiveStanding>;
	/** Counts the backups of this process: what was seen before the last one is of no use. */
	#turn = 0;
	/** What the archive said when it last answered. */
	#seen: ArchiveStanding = {};
	/** Milliseconds since the epoch. */
	#shippedUntil = 0;

	constructor(deps: ArchiveStandingsDeps, opts: Partial<ArchiveStandingsOpts> = {}) {
		this.#deps = deps;
		this.#opts = { ...DEFAULT_OPTS, ...opts };
		const { maxAgeMs } = this.#opts;
		this.#looks = new FreshCache({ now: () => deps.clock.monotonic() }, { maxAgeMs, maxEntries: 1 });
	}

	ended(): void {
		this.#turn += 1;
	}

	shipped(until: number): void {
		this.#shippedUntil = Math.max(this.#shippedUntil, until);
	}

	/** How it stands. One that does not answer is no failure, but told as such. @throws the signal's reason */
	async tell(signal: AbortSignal): Promise<ArchiveStanding> {
		const looked = await untilAborted(signal, () => this.#looks.get(this.#turn, () => this.#look()));
		const { shippedUntil = 0, ...standing } = looked ?? this.#seen;
		const until = Math.max(shippedUntil, this.#shippedUntil);
		return until === 0 ? standing : { ...standing, shippedUntil: until };
	}

	async #look(): Promise<ArchiveStanding> {
		const { lookMs } = this.#opts;
		const late = AbortSignal.timeout(lookMs);
		try {
			this.#seen = await untilAborted(late, () => this.#read(late));
			return this.#seen;
		} catch (error) {
			this.#deps.report({ event: "archive.look-failed", level: "warn", error });
			return { ...this.#seen, away: late.aborted ? `the archive does not answer within ${lookMs} ms` : wordsOf(error) };
		}
	}

	async #read(signal: AbortSignal): Promise<ArchiveStanding> {
		const { archive, registry } = this.#deps;
		if (!(await isOwnArchive(archive, await registry(), signal))) return {};
		const { first, last } = await edgeBackups(archive, signal);
		const mark = await lastMark(archive, signal);
		if (first === undefined || last === undefined) return {};
		const { id, at, finishedAt } = last;
		const shippedUntil = Math.max(mark?.until ?? 0, at);
		return { firstRecoverabilityPoint: first.at, lastSuccessfulBackup: { id, at, finishedAt }, shippedUntil };
	}
}

const wordsOf = (error: unknown): string =>
	error instanceof CodedError ? error.message : "the archive cannot be read; the registry's log says why";
