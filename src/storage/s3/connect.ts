import { S3Client } from "@aws-sdk/client-s3";
import { RemoteBlobStore } from "#/storage/remote-blob-store.ts";
import { Bucket } from "./bucket.ts";
import { configureClient } from "./configure-client.ts";
import type { PresignerDeps } from "./presigner.ts";
import { s3Objects } from "./s3-objects.ts";
import type { S3StoreDeps, S3StoreOpts } from "./s3-store-opts.ts";

const URL_LIFE_SECONDS = 20 * 60;

/**
 * Makes a store and asks the service nothing: whether there is such a bucket shows with the first request.
 *
 * @throws StoreError UNAVAILABLE when `caFile` cannot be read
 */
export const connectS3Store = async (
	opts: S3StoreOpts,
	deps: S3StoreDeps,
): Promise<{ readonly store: RemoteBlobStore; readonly bucket: Bucket }> => {
	const client = new S3Client(await configureClient(opts, deps));
	const bucket = new Bucket(client, opts);
	const objects = s3Objects({ bucket, ...deps, partSize: opts.partSize, ...presignerOf(client, opts, deps) });
	return { store: new RemoteBlobStore(objects), bucket };
};

const presignerOf = (
	client: S3Client,
	opts: S3StoreOpts,
	deps: S3StoreDeps,
): { readonly presigner?: PresignerDeps } => {
	const { redirect, region } = opts;
	if (redirect === undefined) return {};
	const endpoint = redirect.endpoint ?? opts.endpoint;
	const { url: bucketUrl } = client.config.endpointProvider({
		Bucket: opts.bucket,
		Region: region,
		ForcePathStyle: opts.pathStyle,
		UseFIPS: false,
		UseDualStack: false,
		Accelerate: false,
		UseGlobalEndpoint: false,
		DisableMultiRegionAccessPoints: false,
		...(endpoint !== undefined && { Endpoint: endpoint }),
	});
	const { now } = deps;
	return {
		presigner: { keys: client.config.credentials, bucketUrl, region, now, life: redirect.life ?? URL_LIFE_SECONDS },
	};
};
