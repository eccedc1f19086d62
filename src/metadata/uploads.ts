import type { Algorithm, Digest } from "#/oci/digest.ts";
import type { Refused } from "./refusal.ts";
import type { RepositoryFacts } from "./repositories.ts";

/** An upload session as its row says. */
export interface Upload {
	readonly id: string;
	readonly repository: string;
	readonly store: string;
	/** The key that its bytes have in the store, for good. */
	readonly key: string;
	/** Acknowledged bytes. */
	readonly offset: number;
	readonly algorithm: Algorithm;
	/** The driver's state at `offset`; absent when nothing was written yet. */
	readonly state: { readonly [field: string]: unknown } | undefined;
	/** Counts hand-overs: a holder with an older epoch has lost the upload. */
	readonly epoch: number;
}

/** The right to append to, or finish, an upload; ends with `release`, `complete`, `cancel` or its time. */
export interface UploadLease extends Upload {
	/** True when the holder is the one that had it last, so that its hash in memory is still good. */
	readonly sameHolder: boolean;
	/**
	 * True when another holder let the lease run out instead of giving it back: it died, or stood still, and then may
	 * still go on writing what it had begun.
	 */
	readonly abandoned: boolean;
}

/** Upload sessions and their write intents. */
export interface Uploads {
	/**
	 * Opens an upload: makes the repository if its project exists, writes the row and the write intent for `key`
	 * before a byte is stored. With `hold`, the creator has the lease at once (monolithic pushes), for `leaseMs`
	 * (a minute, where it is not given). Refused `too-many-uploads` when `maxOpen` (1000) are open in the project.
	 */
	create(upload: {
		readonly id: string;
		readonly repository: string;
		readonly key: string;
		readonly algorithm: Algorithm;
		readonly actor: string;
		readonly holder: string;
		readonly hold: boolean;
		readonly leaseMs?: number | undefined;
		readonly maxOpen?: number | undefined;
		/** What the client says that it pushes: the project's quota has to have room for it, which is then reserved. */
		readonly announced?: { readonly digest: Digest; readonly size: number } | undefined;
	}): Promise<{ readonly upload: Upload; readonly repository: RepositoryFacts } | Refused>;
	/** Absent when there is no such upload in this repository. */
	find(repository: string, id: string, signal?: AbortSignal): Promise<Upload | undefined>;
	/**
	 * Takes the lease for `leaseMs` (renewed by `extend`). Refused `upload-busy` while another holder has it, and
	 * `upload-offset` when `expectedOffset` is given and is not the acknowledged offset.
	 */
	acquire(request: {
		readonly repository: string;
		readonly id: string;
		readonly holder: string;
		readonly expectedOffset: number | undefined;
		readonly leaseMs: number;
	}): Promise<UploadLease | Refused>;
	/**
	 * Goes on holding; false when the lease was lost. `reached` bytes have come meanwhile, acknowledged or not, for which
	 * the project's quota has to have room, which is then reserved: else it is refused `guarded`, and nothing changed.
	 */
	extend(id: string, epoch: number, leaseMs: number, reached?: number): Promise<boolean | Refused>;
	/**
	 * Acknowledges bytes up to `offset`, already durable in the store, and gives the lease back. False: lease lost.
	 * Refused `guarded` when the project's quota has no room for them; then nothing changed, the lease either.
	 * `state` is undefined when nothing is kept yet, so that the next holder starts the object anew.
	 */
	release(progress: {
		readonly id: string;
		readonly epoch: number;
		readonly offset: number;
		readonly state: { readonly [field: string]: unknown } | undefined;
	}): Promise<boolean | Refused>;
	/**
	 * Turns the committed object into the blob (store, digest), links it into the repository and ends the upload.
	 * `duplicate: true` when the store had the blob already: the link points there and the new object is condemned.
	 * Repeating it after success gives the same answer. Refused `upload-unknown` when the lease was lost, `guarded` when
	 * the project has no such blob yet and its quota no room for it.
	 */
	complete(done: {
		readonly id: string;
		readonly epoch: number;
		readonly digest: Digest;
		readonly size: number;
		readonly actor: string;
	}): Promise<{ readonly duplicate: boolean } | Refused>;
	/**
	 * Ends the upload and condemns its object, and drops the repository when it was never published and has nothing
	 * else in it; the answer tells what to delete. Refused when it is unknown, or `epoch`
	 * is given and is not that of the last hand-over.
	 */
	cancel(
		repository: string,
		id: string,
		epoch?: number,
	): Promise<{ readonly store: string; readonly key: string; readonly state: Upload["state"] } | Refused>;
	/** Ends uploads that nobody touched for `idleMs` as `cancel` does, at most `limit`; returns how many. */
	expire(idleMs: number, limit: number): Promise<number>;
}
