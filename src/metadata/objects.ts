/**
 * A physical object's life: `writing` (intent, before the first byte) → `live` → `deleting` → gone.
 * A row goes only after its bytes went, so no byte is ever unknown.
 */
type ObjectState = "writing" | "live" | "deleting";

/** A physical object that metadata knows. */
export interface KnownObject {
	readonly store: string;
	readonly key: string;
	readonly purpose: "blob" | "journal" | "snapshot";
	readonly state: ObjectState;
	/** Bytes; absent while it is being written. */
	readonly size: number | undefined;
	/** Absent while unknown, and for journal and snapshot objects. */
	readonly digest: string | undefined;
	/** Driver state of an unfinished write, for cleaning up. */
	readonly writerState: { readonly [field: string]: unknown } | undefined;
}

/** Physical objects in the stores: intents, live bytes, and what is condemned. */
export interface Objects {
	/** Writes the intent for a journal segment or snapshot. Its key must be new. */
	intend(object: {
		readonly store: string;
		readonly key: string;
		readonly purpose: "journal" | "snapshot";
		readonly holder: string;
	}): Promise<void>;
	/** Marks an intended journal or snapshot object as live. */
	settle(store: string, key: string, size: number): Promise<void>;
	/** Condemns an object: its bytes may be deleted, its key is never used again. */
	condemn(store: string, key: string): Promise<void>;
	/**
	 * Claims up to `limit` condemned objects, and intents without an upload older than `staleMs`, for deletion for
	 * `leaseMs`; other claimants do not get them meanwhile.
	 */
	claimCondemned(claim: {
		readonly holder: string;
		readonly limit: number;
		readonly leaseMs: number;
		readonly staleMs: number;
	}): Promise<readonly KnownObject[]>;
	/** Forgets an object whose bytes are gone from the store. Only `deleting` rows go; idempotent. */
	forget(store: string, key: string): Promise<void>;
	/** All known objects of a store in byte order of the key, after `last`. */
	list(
		store: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly KnownObject[]>;
}
