import type { Digest } from "#/oci/digest.ts";

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

/** What a process read off the database's clock before, and how long ago. Both in milliseconds. */
export interface ClockReading {
	/** Since the epoch. */
	readonly now: number;
	/** By a clock that never jumps. */
	readonly elapsedMs: number;
}

/** The database's clock; instants in milliseconds since the epoch. */
export interface ClockState {
	readonly now: number;
	/** When a jump was noticed last; absent: never. */
	readonly jumpedAt: number | undefined;
}

/** Which references to look at: a page of one kind, in an order of its own. */
export interface DanglingRequest {
	readonly store: string;
	/** What names: blobs their objects, links and deleted manifests that can be restored their blobs, manifests links. */
	readonly kind: "blobs" | "links" | "manifests" | "deleted";
	/** `next` of the page before; absent: the first page. */
	readonly after?: readonly (string | number)[] | undefined;
	readonly limit: number;
}

/** References that were looked at. */
export interface DanglingPage {
	readonly looked: number;
	/** Those that name what is not there, with the repository of the one that names, if it is in one. */
	readonly found: readonly { readonly digest: Digest; readonly repository: string | undefined }[];
	/** Where the next page begins; absent after the last. */
	readonly next: readonly (string | number)[] | undefined;
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
	/**
	 * Looks at the clock by which objects and uploads become old, and remembers when it has jumped by more than a minute.
	 *
	 * @param last the caller's look before; absent, the time is compared with the last look of anybody, which is kept, and
	 * a time in which nobody looked counts as a jump
	 */
	watchClock(last?: ClockReading): Promise<ClockState>;
	/** Forgets an object whose bytes are gone from the store. Only `deleting` rows go; idempotent. */
	forget(store: string, key: string): Promise<void>;
	/** Looks for references to what is not there. There are none, unless rows were lost. */
	dangling(request: DanglingRequest, signal?: AbortSignal): Promise<DanglingPage>;
	/** All known objects of a store in byte order of the key, after `last`. */
	list(
		store: string,
		page: { readonly last?: string | undefined; readonly limit: number },
		signal?: AbortSignal,
	): Promise<readonly KnownObject[]>;
}
