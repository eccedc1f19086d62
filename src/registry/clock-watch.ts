import type { Clock } from "#/lib/clock.ts";
import type { Objects } from "#/metadata/objects.ts";

/**
 * Notices jumps of the clock by which ages are reckoned: the database's. Whoever deletes what is old enough waits until
 * the last jump is as long ago as "old enough" is, for ages that were reckoned across a jump are worth nothing.
 *
 * While this process runs, it compares with the monotonic clock; at its first look, with the instant that metadata
 * keeps of the last look of any process. Jumps are kept there too, so that a restart does not forget them.
 */
export class ClockWatch {
	readonly #objects: Pick<Objects, "watchClock">;
	readonly #clock: Pick<Clock, "monotonic">;
	#last: { readonly now: number; readonly monotonic: number } | undefined;

	constructor(deps: { readonly objects: Pick<Objects, "watchClock">; readonly clock: Pick<Clock, "monotonic"> }) {
		this.#objects = deps.objects;
		this.#clock = deps.clock;
	}

	/** Milliseconds since the last jump that was noticed; infinite without one. Look often: jumps may cancel out. */
	async quietMs(): Promise<number> {
		return (await this.look()).quietMs;
	}

	/** As {@link quietMs}, with the instant of the look by the database's clock, milliseconds since the epoch. */
	async look(): Promise<{ readonly now: number; readonly quietMs: number }> {
		const monotonic = this.#clock.monotonic();
		const last = this.#last && { now: this.#last.now, elapsedMs: monotonic - this.#last.monotonic };
		const { now, jumpedAt } = await this.#objects.watchClock(last);
		this.#last = { now, monotonic };
		return { now, quietMs: jumpedAt === undefined ? Number.POSITIVE_INFINITY : now - jumpedAt };
	}
}
