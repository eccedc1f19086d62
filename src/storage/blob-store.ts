/**
 * Storage holds bytes under keys and nothing else: which key belongs to which blob is metadata's business.
 *
 * A key is written once, is immutable once committed and is never used again, so no driver needs locks or versions.
 */
import type { Algorithm, Digest } from "#/oci/digest.ts";

/** A byte range, both ends inclusive, as HTTP has it. `end` is always below the object's size. */
export interface ByteRange {
	readonly start: number;
	readonly end: number;
}

/** What a store knows of one object. */
export interface ObjectStat {
	readonly key: string;
	/** Bytes. */
	readonly size: number;
	/** Last modification, milliseconds since the epoch; absent where the store does not tell. */
	readonly modifiedAt?: number;
}

/** One piece of a blob on its way out. The bytes belong to the reader again once `release` was called. */
export interface Chunk {
	readonly bytes: Uint8Array;
	/** Gives the buffer back to the pool; call it exactly once, when the bytes left for good. */
	release(): void;
}

/** An open object. Dispose it when done; disposing ends reads still under way. */
export interface OpenBlob extends AsyncDisposable {
	/** Bytes of the whole object. */
	readonly size: number;
	/**
	 * Reads `range` (the whole object without one) in order. Asks for `sizeHint()` bytes each time, so that
	 * a consumer that meets a slow peer can ask for less; at most one chunk is read ahead.
	 *
	 * @throws StoreError CORRUPT when the object ends early, UNAVAILABLE when the store does not answer
	 */
	chunks(range: ByteRange | undefined, signal: AbortSignal, sizeHint?: () => number): AsyncIterable<Chunk>;
}

/**
 * What a driver needs to go on with an unfinished object in another process: kept in the upload's row as JSON.
 * Opaque above the driver.
 */
export type WriterState = { readonly [field: string]: unknown };

/** How an object is written. */
export interface WriteOpts {
	/** Hash the bytes on their way. @defaultValue "sha256" */
	readonly algorithm?: Algorithm;
	/** Total size in bytes where it is known, which lets a driver choose a simpler request. */
	readonly size?: number;
	/**
	 * Given when an earlier writer under the key was not seen to end (its process stood still for too long, or died):
	 * whatever it does from now on, it must not change the object. A number from 1, larger at each hand-over.
	 * Costs a copy of the staged bytes where a driver knows no cheaper way.
	 */
	readonly takeover?: number;
}

/** An object being written. Not visible to `stat`, `open` or `list` as a finished object before `commit`. */
export interface BlobWriter extends AsyncDisposable {
	/** Bytes taken so far, those of an earlier process included. */
	readonly offset: number;
	/**
	 * Takes the bytes, which then belong to the writer (they may be transferred to another thread).
	 * Resolves when more may be sent: this is the back-pressure.
	 *
	 * @throws StoreError FULL when the store has no room, UNAVAILABLE
	 */
	append(bytes: Uint8Array): Promise<void>;
	/**
	 * Makes everything taken so far durable (fsync, or parts and tail stored) and tells how to go on from here.
	 * The writer stays usable.
	 */
	checkpoint(signal: AbortSignal): Promise<WriterState>;
	/**
	 * The digest of all bytes. Free when `algorithm` is the one that was hashed on the way from offset 0;
	 * otherwise the staged bytes are read again.
	 */
	digest(algorithm: Algorithm, signal: AbortSignal): Promise<Digest>;
	/** Makes the object durable and visible under its key. Safe to repeat. The writer is spent. */
	commit(signal: AbortSignal): Promise<void>;
	/**
	 * Leaves nothing behind under the key. Safe to repeat, also after a failed `commit`; after a commit it does
	 * nothing. For the holder of the upload only: whoever lost it disposes, as the staged bytes are another's now.
	 */
	abort(signal: AbortSignal): Promise<void>;
	/** Disposing a writer that was neither committed nor aborted keeps what `checkpoint` made durable. */
}

/**
 * A store of immutable objects: a file system tree, a bucket. Every driver passes the suite in `test/conformance`.
 * Keys are as `object-key.ts` has them (anything else is a RangeError); none goes on after another one and a `/`.
 */
export interface BlobStore extends AsyncDisposable {
	/** The driver's name, for logs and metrics. */
	readonly driver: string;
	/** Absent when there is no finished object under `key`. */
	stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined>;
	/** @throws StoreError NOT_FOUND */
	open(key: string, signal: AbortSignal): Promise<OpenBlob>;
	/**
	 * Starts a new object under `key`, which must never have been committed. What an earlier write under it staged is
	 * dropped: an upload keeps its key when its first bytes were lost.
	 */
	write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter>;
	/**
	 * Goes on with an unfinished object at exactly `state`: bytes that came after that checkpoint are dropped.
	 *
	 * @throws StoreError NOT_FOUND when the staged bytes are gone
	 */
	resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter>;
	/**
	 * Removes the finished object and everything staged under `key` (temporary file, multipart upload, tail).
	 * Idempotent: a key that is not there is a success. `state` is the last known writer state, if any.
	 */
	delete(key: string, state: WriterState | undefined, signal: AbortSignal): Promise<void>;
	/** Every stored object, staged ones included (`staged: true`), in byte order of the key. */
	list(prefix: string, signal: AbortSignal): AsyncIterable<ObjectStat & { readonly staged: boolean }>;
}

/** A store whose objects a client may fetch directly. */
export interface Presigns {
	/**
	 * A URL that serves `key` by GET (and HEAD) without credentials. Stable within a window: the same URL is given
	 * again while at least half of its life is left, so that caches between can work.
	 */
	presign(key: string, opts: { readonly contentType: string; readonly method: "GET" | "HEAD" }): Promise<string>;
}

/** True when `store` can presign and is set to. */
export function canPresign(store: BlobStore): store is BlobStore & Presigns {
	return "presign" in store && typeof store.presign === "function";
}
