import type { Algorithm, Digest } from "#/oci/digest.ts";
import type { Payload } from "./part-queue.ts";
import type { StoredPart } from "./parted-state.ts";

/**
 * Where a parted writer puts one object: a store that takes parts of any size under ids, in any order, and makes an
 * object of those that are named in the end. All of it may be repeated.
 */
export interface PartTarget {
	readonly key: string;
	/** Most parts that an object can have. */
	readonly maxParts: number;
	/** Stores a part, also one without bytes. */
	putPart(id: string, payload: Payload, signal: AbortSignal): Promise<void>;
	/** Removes a part that nobody can need any more; absent where these fall away when the object is made. */
	dropPart?(id: string, signal: AbortSignal): Promise<void>;
	/** Writes the whole object in one request, never over one of another writer. */
	putWhole(payload: Payload, signal: AbortSignal): Promise<void>;
	/** Makes the object of these parts (at least one, none without bytes), never over one of another writer. */
	compose(parts: readonly StoredPart[], signal: AbortSignal): Promise<void>;
	/** The digest of the finished object, read for it. */
	readDigest(size: number, algorithm: Algorithm, signal: AbortSignal): Promise<Digest>;
	/**
	 * Removes whatever is staged for the key, known to us or not; with `finished` the object as well, if this writer made
	 * it.
	 */
	drop(what: "staged" | "finished", signal: AbortSignal): Promise<void>;
}
