import { LRUCache } from "@thi.ng/cache";

/** Settings of an {@link EventLimiter}. */
export interface EventLimiterOpts {
	/** How many one object may have at once. @defaultValue 25 */
	readonly burst?: number;
	/** After so many milliseconds it may have one more. @defaultValue 300000 */
	readonly refillMs?: number;
	/** How many objects are remembered; who is forgotten begins anew. @defaultValue 4096 */
	readonly maxObjects?: number;
}

/** Keeps one object from filling the API server with events. */
export class EventLimiter {
	readonly #burst: number;
	readonly #refillMs: number;
	readonly #buckets: LRUCache<string, { readonly left: number; readonly at: number }>;

	constructor(opts: EventLimiterOpts = {}) {
		this.#burst = opts.burst ?? 25;
		this.#refillMs = opts.refillMs ?? 300_000;
		this.#buckets = new LRUCache(null, { maxlen: opts.maxObjects ?? 4096 });
	}

	/** Whether the object of that key may have one more event at `now`, milliseconds. */
	admits(key: string, now: number): boolean {
		const bucket = this.#buckets.get(key) ?? { left: this.#burst, at: now };
		const left = Math.min(this.#burst, bucket.left + (now - bucket.at) / this.#refillMs);
		this.#buckets.set(key, { left: left < 1 ? left : left - 1, at: now });
		return left >= 1;
	}
}
