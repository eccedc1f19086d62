import { isRefused } from "#/metadata/refusal.ts";
import type { Upload } from "#/metadata/uploads.ts";
import { algorithmOf, type Digest } from "#/oci/digest.ts";
import { copyObject } from "#/registry/copy-object.ts";
import { discard } from "#/registry/discard.ts";
import { refusalError } from "#/registry/errors.ts";
import { blobKey } from "#/registry/object-keys.ts";
import { storeNamed } from "#/registry/store-named.ts";
import { keepLease, type OpenUploadDeps } from "./open-upload.ts";

/** What {@link relocate} works with. */
export interface RelocateDeps
	extends Pick<OpenUploadDeps, "uploads" | "objects" | "stores" | "clock" | "holder" | "limits" | "report"> {
	readonly newId: () => string;
}

/**
 * Makes the blob of an upload whose repository went to another store while it was open: the bytes, which are an object of
 * the former store by now, are pushed into the new one by an upload of our own.
 *
 * @throws OciError
 */
export const relocate = async (
	deps: RelocateDeps,
	upload: Upload,
	blob: { readonly digest: Digest; readonly size: number; readonly actor: string },
): Promise<void> => {
	const { uploads, objects, stores, clock, holder, limits, newId, report } = deps;
	const { digest, size, actor } = blob;
	const { signal } = new AbortController();
	const id = newId();
	const since = clock.monotonic();
	const created = await uploads.create({
		id,
		repository: upload.repository,
		key: blobKey(id, digest),
		algorithm: algorithmOf(digest),
		actor,
		holder,
		hold: true,
		leaseMs: limits.leaseMs,
		maxOpen: Number.MAX_SAFE_INTEGER,
	});
	if (isRefused(created)) throw refusalError(created.refused);
	const { store: name, key, epoch } = created.upload;
	const to = { store: storeNamed(stores, name), key };
	using keeper = keepLease(deps, created.upload, since);
	try {
		const from = { store: storeNamed(stores, upload.store), key: upload.key };
		await keeper.during(() => copyObject(from, to, blob, signal));
		const outcome = await keeper.during(() => uploads.complete({ id, epoch, digest, size, actor }));
		if (isRefused(outcome)) throw refusalError(outcome.refused);
		if (!outcome.duplicate) return;
	} catch (error) {
		await uploads.cancel(upload.repository, id, epoch).catch(() => undefined);
		throw error;
	}
	await discard({ objects, report }, { name, ...to, state: undefined }, AbortSignal.timeout(limits.afterMs));
};
