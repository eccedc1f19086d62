import type { BlobStore } from "#/storage/blob-store.ts";
import type { GcsStoreDeps } from "#/storage/gcs/index.ts";
import type { GcsStoreConfig } from "./config/store-schema.ts";

/**
 * Opens a store of the `gcs` driver, which is loaded with the first: no other store needs the SDK.
 *
 * @throws StoreError
 */
export const openGcs = async (settings: GcsStoreConfig, deps: GcsStoreDeps): Promise<BlobStore> => {
	const { openGcsStore } = await import("#/storage/gcs/index.ts");
	return await openGcsStore(settings, deps, new AbortController().signal);
};
