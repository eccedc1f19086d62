import type { Clock } from "#/lib/clock.ts";
import { isRefused } from "#/metadata/refusal.ts";
import type { UploadLease, Uploads } from "#/metadata/uploads.ts";
import type { Algorithm } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { discard } from "#/registry/discard.ts";
import { refusalError } from "#/registry/errors.ts";
import { type Stores, storeNamed } from "#/registry/store-named.ts";
import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { LeaseKeeper } from "./lease-keeper.ts";
import type { UploadLimits } from "./limits.ts";
import { closeWriter } from "./open-writers.ts";
import type { HeldUpload, UploadSessionDeps } from "./upload-session.ts";

/** What {@link openUpload} works with. */
export interface OpenUploadDeps extends UploadSessionDeps {
	readonly stores: Stores;
	readonly clock: Clock;
	readonly holder: string;
	readonly limits: UploadLimits;
	/** Ids of uploads that this process has taken from a holder that was lost, without having got at their bytes yet. */
	readonly lostHolders: Set<string>;
}

/** Which upload a request wants to append to. */
export interface UploadRequest {
	readonly repository: string;
	readonly id: string;
	/** Where the request's bytes begin; undefined: where the upload ends. */
	readonly expectedOffset: number | undefined;
	/** What to hash when no byte has come so far; undefined: what the upload was opened with. */
	readonly algorithm?: Algorithm | undefined;
}

/**
 * Takes an upload's lease and its writer: the one in memory when nobody else was at the upload since, else the staged
 * bytes as the row says.
 *
 * @throws OciError BLOB_UPLOAD_UNKNOWN, RANGE_INVALID
 */
export const openUpload = async (deps: OpenUploadDeps, request: UploadRequest): Promise<HeldUpload> => {
	const { uploads, holder, clock, limits, stores } = deps;
	const { repository, id, expectedOffset } = request;
	const since = clock.monotonic();
	const lease = await uploads.acquire({ repository, id, holder, expectedOffset, leaseMs: limits.leaseMs });
	if (isRefused(lease)) throw refusalError(lease.refused);
	const keeper = keepLease(deps, lease, since);
	try {
		const store = storeNamed(stores, lease.store);
		const algorithm = lease.state === undefined ? (request.algorithm ?? lease.algorithm) : lease.algorithm;
		const writer = await keeper.during(() => openWriter(deps, lease, store, algorithm));
		return { upload: lease, store, writer, keeper, onFailure: "roll-back" };
	} catch (error) {
		keeper[Symbol.dispose]();
		throw await giveBack(deps, lease, error);
	}
};

/** Renews a lease that was asked for at `since` (monotonic). */
export const keepLease = (
	{ uploads, clock, limits }: { uploads: Uploads; clock: Clock; limits: UploadLimits },
	{ id, epoch }: { readonly id: string; readonly epoch: number },
	since: number,
): LeaseKeeper => {
	const { leaseMs, extendMs } = limits;
	return new LeaseKeeper(
		{ extend: (reached) => uploads.extend(id, epoch, leaseMs, reached), clock, leaseMs, extendMs },
		since,
	);
};

const openWriter = async (
	{ writers, lostHolders, report }: OpenUploadDeps,
	lease: UploadLease,
	store: BlobStore,
	algorithm: Algorithm,
): Promise<BlobWriter> => {
	// The store may keep the signal as long as the writer lives, which is longer than the request.
	const { signal } = new AbortController();
	const parked = writers.take(lease.id);
	if (parked !== undefined) {
		if (lease.sameHolder && parked.offset === lease.offset) return parked;
		await closeWriter(parked, report);
	}
	const { epoch: takeover } = lease;
	if (lease.state !== undefined) {
		const opts = isLost(lostHolders, lease) ? { algorithm, takeover } : { algorithm };
		const writer = await store.resume(lease.key, lease.state, opts, signal);
		lostHolders.delete(lease.id);
		return writer;
	}
	// An earlier holder may have come as far as an object; no key is ever written twice.
	if (lease.epoch > 1 && (await store.stat(lease.key, signal)) !== undefined) {
		throw new StoreError("NOT_FOUND", `nothing is staged for ${lease.key}, which is an object already`);
	}
	// Nothing has to be copied, so every later beginning is kept safe from the earlier ones.
	return await store.write(lease.key, lease.epoch > 1 ? { algorithm, takeover } : { algorithm }, signal);
};

/** Whether the holder before may still write what it had begun. */
const isLost = (lostHolders: ReadonlySet<string>, { id, abandoned }: UploadLease): boolean =>
	abandoned || lostHolders.has(id);

const giveBack = async (deps: OpenUploadDeps, lease: UploadLease, error: unknown): Promise<unknown> => {
	const { uploads, objects, stores, report, limits } = deps;
	const { id, repository, epoch, offset, state } = lease;
	try {
		if (!(error instanceof StoreError) || error.code !== "NOT_FOUND") {
			// Given back, it would look to the next one as if nobody were at its bytes any more.
			if (isLost(deps.lostHolders, lease)) deps.lostHolders.add(id);
			else await uploads.release({ id, epoch, offset, state });
			return error;
		}
		deps.lostHolders.delete(id);
		// Its bytes are gone, or became an object without their blob when a process ended in between.
		const outcome = await uploads.cancel(repository, id, epoch);
		if (!isRefused(outcome)) {
			const condemned = { name: outcome.store, store: storeNamed(stores, outcome.store), key: outcome.key, state };
			await discard({ objects, report }, condemned, AbortSignal.timeout(limits.afterMs));
		}
		return new OciError("BLOB_UPLOAD_UNKNOWN", { detail: { id }, cause: error });
	} catch (failure) {
		report({ event: "upload.give-back-failed", level: "warn", error: failure, fields: { upload: id } });
		return error;
	}
};
