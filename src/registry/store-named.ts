import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";

/** The stores of this process by name. */
export type Stores = ReadonlyMap<string, BlobStore>;

/** @throws StoreError UNAVAILABLE when this process was not given a store of that name */
export const storeNamed = (stores: Stores, name: string): BlobStore => {
	const store = stores.get(name);
	if (store === undefined) throw new StoreError("UNAVAILABLE", `no blob store named ${name} is configured`);
	return store;
};
