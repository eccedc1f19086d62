import type { Clock } from "#/lib/clock.ts";
import type { BlobLocation, Blobs } from "#/metadata/blobs.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { isRefused } from "#/metadata/refusal.ts";
import type { Digest } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { canPresign } from "#/storage/blob-store.ts";
import { answer, refusalError } from "./errors.ts";
import type { BlobContent, BlobService } from "./registry.ts";
import type { SmallBlobs } from "./small-blobs.ts";
import { type Stores, storeNamed } from "./store-named.ts";

/** How many repositories a mount without a source may be tried from. */
const MAX_HOLDERS = 16;

/** What blobs are served from. */
export interface BlobServiceDeps {
	readonly blobs: Blobs;
	readonly stores: Stores;
	readonly small: SmallBlobs;
	readonly clock: Pick<Clock, "now">;
	/**
	 * A blob that is found through a link under review, touched this long ago, is touched again: who was told that it is
	 * here does not push it, and counts on it. Milliseconds; far less than the delay of collection.
	 */
	readonly touchMs: number;
}

/** Blobs as repositories link them; their bytes come from the store that the link names. */
export const createBlobService = ({ blobs, stores, small, clock, touchMs }: BlobServiceDeps): BlobService => ({
	stat: (repository, digest, signal) => answer(() => stat({ blobs, clock, touchMs }, { repository, digest }, signal)),

	content: (blob, opts, signal) => answer(() => content({ stores, small }, blob, opts, signal)),

	holders: (repository, digest, signal) => answer(() => blobs.holders(repository, digest, MAX_HOLDERS, signal)),

	remove: (repository, digest, actor) =>
		answer(async () => {
			const outcome = await blobs.unlink(repository, digest, actor);
			if (isRefused(outcome)) throw refusalError(outcome.refused);
		}),
});

interface BlobName {
	readonly repository: string;
	readonly digest: Digest;
}

const stat = async (
	{ blobs, clock, touchMs }: Pick<BlobServiceDeps, "blobs" | "clock" | "touchMs">,
	name: BlobName,
	signal: AbortSignal,
): Promise<BlobLocation> => {
	const found = await find(blobs, name, signal);
	if (found.touchedAt === undefined || clock.now() - found.touchedAt < touchMs) return found.blob;
	// Not under review any more: somebody uses it, or it is gone.
	return (await touch(blobs, name)) ? found.blob : (await find(blobs, name, signal)).blob;
};

const find = async (blobs: Blobs, { repository, digest }: BlobName, signal: AbortSignal) => {
	const found = await blobs.find(repository, digest, signal);
	if (found === undefined) throw new OciError("NAME_UNKNOWN", { detail: { name: repository } });
	const { blob, touchedAt } = found;
	if (blob === undefined) throw new OciError("BLOB_UNKNOWN", { detail: { digest } });
	return { blob, touchedAt };
};

/** While metadata is away nothing is collected, and what is served then is served without this. */
const touch = async (blobs: Blobs, { repository, digest }: BlobName): Promise<boolean> => {
	try {
		return await blobs.touch(repository, digest);
	} catch (error) {
		if (error instanceof MetadataError) return true;
		throw error;
	}
};

const content = async (
	{ stores, small }: Pick<BlobServiceDeps, "stores" | "small">,
	blob: BlobLocation,
	{ method, inline }: { readonly method: "GET" | "HEAD"; readonly inline: boolean },
	signal: AbortSignal,
): Promise<BlobContent> => {
	const store = storeNamed(stores, blob.store);
	if (!inline && canPresign(store)) {
		return { redirect: await store.presign(blob.key, { contentType: "application/octet-stream", method }) };
	}
	const bytes = method === "HEAD" ? undefined : await small.read(store, blob, signal);
	if (bytes !== undefined) return { bytes };
	return { open: () => answer(() => store.open(blob.key, signal)) };
};
