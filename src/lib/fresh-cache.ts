import { LRUCache } from "@thi.ng/cache/lru";

/** Settings of a {@link FreshCache}. */
export interface FreshCacheOpts {
	/** How old a value may be when it is used, in milliseconds. */
	readonly maxAgeMs: number;
	/** How many values are kept; the one used longest ago goes first. */
	readonly maxEntries: number;
}

interface Entry<V> {
	readonly value: V;
	readonly readAt: number;
}

interface Flight<V> {
	readonly result: Promise<V | undefined>;
	readonly startedAt: number;
}

/**
 * Keeps what was read for a bounded time, and lets callers that want the same thing at once share one read.
 * Age counts from the start of the read, so a value is never older than it claims. That nothing was found is not kept.
 */
export class FreshCache<K, V> {
	readonly #now: () => number;
	readonly #maxAgeMs: number;
	readonly #entries: LRUCache<K, Entry<V>>;
	readonly #flights = new Map<K, Flight<V>>();

	/** @param deps `now` in milliseconds; when it jumps back, what was kept counts as old */
	constructor(deps: { readonly now: () => number }, opts: FreshCacheOpts) {
		this.#now = deps.now;
		this.#maxAgeMs = opts.maxAgeMs;
		this.#entries = new LRUCache(null, { maxlen: opts.maxEntries });
	}

	/** The value, when it is here and fresh. */
	peek(key: K): V | undefined {
		const entry = this.#entries.get(key);
		if (entry === undefined) return undefined;
		if (this.#isFresh(entry.readAt)) return entry.value;
		this.#entries.delete(key);
		return undefined;
	}

	/** The fresh value, or what `read` gives; undefined when that is undefined. Whatever `read` throws is thrown. */
	get(key: K, read: () => Promise<V | undefined>): Promise<V | undefined> {
		const value = this.peek(key);
		return value === undefined ? this.reread(key, read) : Promise.resolve(value);
	}

	/** What `read` gives, or a read under way of the same key, and never what is kept; otherwise like `get`. */
	reread(key: K, read: () => Promise<V | undefined>): Promise<V | undefined> {
		const flight = this.#flights.get(key);
		if (flight !== undefined && this.#isFresh(flight.startedAt)) return flight.result;
		return this.#fly(key, read);
	}

	/** Keeps a value that was come by at a time, in milliseconds. */
	keep(key: K, value: V, readAt: number): void {
		this.#put(key, { value, readAt });
	}

	#fly(key: K, read: () => Promise<V | undefined>): Promise<V | undefined> {
		const startedAt = this.#now();
		const result = read()
			.then((value) => {
				if (value !== undefined) this.#put(key, { value, readAt: startedAt });
				return value;
			})
			.finally(() => {
				if (this.#flights.get(key) === flight) this.#flights.delete(key);
			});
		const flight = { result, startedAt };
		this.#flights.set(key, flight);
		return result;
	}

	#put(key: K, entry: Entry<V>): void {
		// Setting a key again while the cache is full could evict the very cell that is being set.
		this.#entries.delete(key);
		this.#entries.set(key, entry);
	}

	#isFresh(since: number): boolean {
		const age = this.#now() - since;
		return age >= 0 && age < this.#maxAgeMs;
	}
}
