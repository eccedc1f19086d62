import { hash } from "node:crypto";
import { LRUCache } from "@thi.ng/cache/lru";
import { clientNetworkOf } from "#/lib/client-network.ts";

/** Settings of a {@link FailureThrottle}. */
export interface FailureThrottleOpts {
	/** How many failures in a row are let through. @defaultValue 20 */
	readonly burst?: number;
	/** How long it takes for all of them to be forgotten, evenly one after the other, in ms. @defaultValue 60000 */
	readonly forgetMs?: number;
	/** How many pairs of client and user are remembered; the one used longest ago is forgotten first. @defaultValue 16384 */
	readonly maxEntries?: number;
}

interface Bucket {
	level: number;
	at: number;
}

/** Who tries, as whom. Opaque. */
export type ThrottleKey = string;

/**
 * Slows down whoever guesses a password: a leaky bucket for each pair of client network and user, so that a guesser
 * does not lock out the user elsewhere. Every try counts when it starts and is given back when it succeeds, so many at
 * once get no further than one after the other.
 */
export class FailureThrottle {
	readonly #now: () => number;
	readonly #burst: number;
	readonly #leakMs: number;
	readonly #buckets: LRUCache<ThrottleKey, Bucket>;

	/** @param deps `now` in milliseconds */
	constructor(deps: { readonly now: () => number }, opts: FailureThrottleOpts = {}) {
		this.#now = deps.now;
		this.#burst = opts.burst ?? 20;
		this.#leakMs = (opts.forgetMs ?? 60_000) / this.#burst;
		this.#buckets = new LRUCache(null, { maxlen: opts.maxEntries ?? 16_384 });
	}

	/** The key of a client's address (absent: unknown) and a user name, of bounded length. */
	keyOf(address: string | undefined, user: string): ThrottleKey {
		return hash("sha256", `${clientNetworkOf(address ?? "")}\0${user}`, "base64url");
	}

	/** Whether the next try would be turned away. */
	isBlocked(key: ThrottleKey): boolean {
		if (this.#buckets.length === 0) return false;
		const bucket = this.#leaked(key);
		return bucket !== undefined && bucket.level > this.#burst - 1;
	}

	/** Counts a try that starts. */
	count(key: ThrottleKey): void {
		const bucket = this.#leaked(key);
		if (bucket === undefined) this.#buckets.set(key, { level: 1, at: this.#now() });
		else bucket.level += 1;
	}

	/** Takes back a counted try that was no failure. */
	giveBack(key: ThrottleKey): void {
		const bucket = this.#leaked(key);
		if (bucket === undefined) return;
		bucket.level -= 1;
		if (bucket.level <= 0) this.#buckets.delete(key);
	}

	#leaked(key: ThrottleKey): Bucket | undefined {
		const bucket = this.#buckets.get(key);
		if (bucket === undefined) return undefined;
		const now = this.#now();
		bucket.level -= Math.max(0, now - bucket.at) / this.#leakMs;
		bucket.at = now;
		if (bucket.level > 0) return bucket;
		this.#buckets.delete(key);
		return undefined;
	}
}
