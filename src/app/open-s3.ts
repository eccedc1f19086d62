import type { BlobStore } from "#/storage/blob-store.ts";
import type { S3StoreDeps, S3StoreOpts } from "#/storage/s3/s3-store-opts.ts";
import type { S3StoreConfig } from "./config/store-schema.ts";

/**
 * Opens a store of the `s3` driver, which is loaded with the first: the SDK takes 36 MB that no other store needs.
 *
 * @throws StoreError
 */
export const openS3 = async (settings: S3StoreConfig, deps: S3StoreDeps): Promise<BlobStore> => {
	const { openS3Store } = await import("#/storage/s3/index.ts");
	return await openS3Store(toOpts(settings), deps, new AbortController().signal);
};

const toOpts = (settings: S3StoreConfig): S3StoreOpts => {
	const { accessKeyId, secretAccessKey, sessionToken, redirect, redirectEndpoint, ...rest } = settings;
	const hasKeys = accessKeyId !== undefined && secretAccessKey !== undefined;
	return {
		...rest,
		...(hasKeys && { keys: { accessKeyId, secretAccessKey, sessionToken } }),
		...(redirect && { redirect: { endpoint: redirectEndpoint } }),
	};
};
