import { LRUCache } from "@thi.ng/cache/lru";
import type { Clock } from "#/lib/clock.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";

/** Settings of {@link LinkProofs}. */
export interface LinkProofsOpts {
	/** How old a proof may be when it is used, in milliseconds; 0: none is kept. */
	readonly maxAgeMs: number;
	/** How many are kept; the one used longest ago goes first. */
	readonly maxEntries: number;
}

interface Proof<V> {
	value: V;
	/** When the read began that gave it, by the monotonic clock. */
	readAt: number;
}

/**
 * What metadata said a while ago of content in repositories, by digest. It is used only while metadata cannot answer, so
 * that what was pulled lately can be pulled again: content of a digest never changes, only whether a repository has it.
 */
export class LinkProofs<V> {
	readonly #clock: Pick<Clock, "monotonic">;
	readonly #maxAgeMs: number;
	readonly #proofs: LRUCache<string, Proof<V>>;
	#removals = 0;

	constructor(clock: Pick<Clock, "monotonic">, { maxAgeMs, maxEntries }: LinkProofsOpts) {
		this.#clock = clock;
		this.#maxAgeMs = maxAgeMs;
		this.#proofs = new LRUCache(null, { maxlen: maxEntries });
	}

	/**
	 * What `read` gives, which is kept; undefined is not, and says that there is nothing any more. While metadata is
	 * unavailable, what was kept and is not too old.
	 *
	 * @throws what `read` throws, unless there is a proof to be used instead
	 */
	async read(repository: string, digest: string, read: () => Promise<V | undefined>): Promise<V | undefined> {
		if (this.#maxAgeMs === 0) return await read();
		const key = keyOf(repository, digest);
		const readAt = this.#clock.monotonic();
		const removals = this.#removals;
		try {
			const value = await read();
			if (value === undefined) this.#proofs.delete(key);
			// A removal meanwhile may have come after the read.
			else if (removals === this.#removals) this.#note(key, value, readAt);
			return value;
		} catch (error) {
			if (!(error instanceof MetadataError) || error.code !== "UNAVAILABLE") throw error;
			const proof = this.#proofs.get(key);
			if (proof === undefined || this.#clock.monotonic() - proof.readAt > this.#maxAgeMs) throw error;
			return proof.value;
		}
	}

	/** Runs `remove`, which may take the content out of the repository; whatever comes of it, the proof is gone. */
	async removing<T>(repository: string, digest: string, remove: () => Promise<T>): Promise<T> {
		try {
			return await remove();
		} finally {
			this.#removals += 1;
			this.#proofs.delete(keyOf(repository, digest));
		}
	}

	#note(key: string, value: V, readAt: number): void {
		const known = this.#proofs.get(key);
		if (known === undefined) {
			this.#proofs.set(key, { value, readAt });
		} else if (readAt > known.readAt) {
			known.value = value;
			known.readAt = readAt;
		}
	}
}

const keyOf = (repository: string, digest: string): string => `${repository}@${digest}`;
