import { isDeepStrictEqual } from "node:util";
import type { Timing } from "#/lib/timing.ts";

/** Settings of a {@link VolatileStatus}. */
export interface VolatileStatusOpts {
	/** An object's volatile part changes at most once in so many milliseconds. @defaultValue 300000 */
	readonly intervalMs?: number;
	/** How many objects may change theirs in one second, all together. @defaultValue 5 */
	readonly perSecond?: number;
}

/** What to write of a volatile part. */
export interface VolatileChoice<T> {
	/** The new value if it may be written now, else the one that stands. */
	readonly value: T;
	/** When to come back for the new value, milliseconds; absent when it was chosen, or nothing differs. */
	readonly againMs?: number;
}

/**
 * Keeps what changes all the time (usage, last use) from being written all the time: seldom for each object, and within
 * a budget for all of them. Values should be rounded, so that they differ only when it matters.
 */
export class VolatileStatus {
	readonly #timing: Pick<Timing, "monotonic" | "random">;
	readonly #intervalMs: number;
	readonly #perSecond: number;
	/** When an object's part was last chosen anew, by uid, the oldest first. Gone once that does not matter any more. */
	readonly #chosenAt = new Map<string, number>();
	#budget: number;
	#filledAt: number;

	constructor({ timing }: { readonly timing: Pick<Timing, "monotonic" | "random"> }, opts: VolatileStatusOpts = {}) {
		this.#timing = timing;
		this.#intervalMs = opts.intervalMs ?? 300_000;
		this.#perSecond = opts.perSecond ?? 5;
		this.#budget = this.#perSecond;
		this.#filledAt = timing.monotonic();
	}

	/**
	 * Chooses between what stands in the status of the object with that uid and what would be true.
	 *
	 * @param standing absent when it was never written: then the wanted one is chosen whatever the budget
	 */
	choose<T>(uid: string, standing: T | undefined, wanted: T): VolatileChoice<T> {
		if (isDeepStrictEqual(standing, wanted)) return { value: wanted };
		const now = this.#timing.monotonic();
		this.#forgetOld(now);
		if (standing === undefined) {
			this.#chosenAt.delete(uid);
			this.#chosenAt.set(uid, now);
			return { value: wanted };
		}
		const chosenAt = this.#chosenAt.get(uid);
		if (chosenAt !== undefined) return { value: standing, againMs: chosenAt + this.#intervalMs - now };
		this.#budget = Math.min(this.#perSecond, this.#budget + ((now - this.#filledAt) / 1000) * this.#perSecond);
		this.#filledAt = now;
		// Those who find the budget spent come back at different times.
		if (this.#budget < 1) return { value: standing, againMs: 1000 + this.#timing.random() * this.#intervalMs };
		this.#budget--;
		this.#chosenAt.set(uid, now);
		return { value: wanted };
	}

	#forgetOld(now: number): void {
		for (const [uid, chosenAt] of this.#chosenAt) {
			if (now - chosenAt < this.#intervalMs) return;
			this.#chosenAt.delete(uid);
		}
	}
}
