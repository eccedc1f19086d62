import type { AzureAccount, AzureStoreDeps } from "#/storage/azure/index.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { AzureStoreConfig } from "./config/store-schema.ts";

/**
 * Opens a store of the `azure` driver, which is loaded with the first: no other store needs the SDK.
 *
 * @throws StoreError
 */
export const openAzure = async (settings: AzureStoreConfig, deps: AzureStoreDeps): Promise<BlobStore> => {
	const { openAzureStore } = await import("#/storage/azure/index.ts");
	const { container, prefix, redirect } = settings;
	const opts = { container, prefix, redirect, account: toAccount(settings) };
	return await openAzureStore(opts, deps, new AbortController().signal);
};

const toAccount = ({ accountName, accountKey, connectionString, endpoint }: AzureStoreConfig): AzureAccount => {
	if (connectionString !== undefined) return { connectionString };
	if (accountName !== undefined && accountKey !== undefined) return { accountName, accountKey, endpoint };
	throw new StoreError("UNAVAILABLE", "an Azure store needs a connection string, or an account's name and key");
};
