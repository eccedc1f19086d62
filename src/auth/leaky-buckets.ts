import { LRUCache } from "@thi.ng/cache/lru";

/** Settings of {@link LeakyBuckets}. */
export interface LeakyBucketsOpts {
	/** How much one bucket holds. */
	readonly burst: number;
	/** How long a full one takes to run empty, in milliseconds. */
	readonly emptyMs: number;
	/** How many are remembered; the one used longest ago is forgotten first. */
	readonly maxEntries: number;
}

interface Bucket {
	level: number;
	at: number;
}

/** A bounded number of leaky buckets by key. One that is not remembered is empty. */
export class LeakyBuckets {
	readonly #now: () => number;
	readonly #burst: number;
	readonly #leakMs: number;
	readonly #buckets: LRUCache<string, Bucket>;

	/** @param deps `now` in milliseconds; nothing leaks while it goes back */
	constructor(deps: { readonly now: () => number }, { burst, emptyMs, maxEntries }: LeakyBucketsOpts) {
		this.#now = deps.now;
		this.#burst = burst;
		this.#leakMs = emptyMs / burst;
		this.#buckets = new LRUCache(null, { maxlen: maxEntries });
	}

	/** Whether there is no room for one more. */
	isFull(key: string): boolean {
		if (this.#buckets.length === 0) return false;
		const bucket = this.#leaked(key);
		return bucket !== undefined && bucket.level > this.#burst - 1;
	}

	/** Adds one. */
	add(key: string): void {
		const bucket = this.#leaked(key);
		if (bucket === undefined) this.#buckets.set(key, { level: 1, at: this.#now() });
		else bucket.level += 1;
	}

	/** Takes one back. */
	takeBack(key: string): void {
		const bucket = this.#leaked(key);
		if (bucket === undefined) return;
		bucket.level -= 1;
		if (bucket.level <= 0) this.#buckets.delete(key);
	}

	#leaked(key: string): Bucket | undefined {
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
