import type { BlobLocation, Blobs } from "#/metadata/blobs.ts";
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
}

/** Blobs as repositories link them; their bytes come from the store that the link names. */
export const createBlobService = ({ blobs, stores, small }: BlobServiceDeps): BlobService => ({
	stat: (repository, digest, signal) => answer(() => stat(blobs, repository, digest, signal)),

	content: (blob, opts, signal) => answer(() => content({ stores, small }, blob, opts, signal)),

	holders: (repository, digest, signal) => answer(() => blobs.holders(repository, digest, MAX_HOLDERS, signal)),

	remove: (repository, digest, actor) =>
		answer(async () => {
			const outcome = await blobs.unlink(repository, digest, actor);
			if (isRefused(outcome)) throw refusalError(outcome.refused);
		}),
});

const stat = async (blobs: Blobs, repository: string, digest: Digest, signal: AbortSignal): Promise<BlobLocation> => {
	const found = await blobs.find(repository, digest, signal);
	if (found === undefined) throw new OciError("NAME_UNKNOWN", { detail: { name: repository } });
	if (found.blob === undefined) throw new OciError("BLOB_UNKNOWN", { detail: { digest } });
	return found.blob;
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
