/** The `s3` driver: objects in a bucket of any service that speaks the S3 protocol. */
import { HeadBucketCommand } from "@aws-sdk/client-s3";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { connectS3Store } from "./connect.ts";
import { statusOf } from "./s3-error.ts";
import type { S3StoreDeps, S3StoreOpts } from "./s3-store-opts.ts";

/**
 * Opens the store in a bucket that is there.
 *
 * @throws StoreError with a message for the operator: UNAVAILABLE when there is no such bucket, when `caFile` cannot be
 * read or the service's certificate is not trusted, DENIED when the keys do not open it. A service that does not answer now may answer later, and is no failure.
 */
export const openS3Store = async (opts: S3StoreOpts, deps: S3StoreDeps, signal: AbortSignal): Promise<BlobStore> => {
	const { store, bucket } = await connectS3Store(opts, deps);
	try {
		await assertBucket(bucket, placeOf(opts), signal);
		return store;
	} catch (error) {
		await store[Symbol.asyncDispose]();
		throw error;
	}
};

/** The bucket in words for people, with where it was looked for. */
const placeOf = ({ bucket, endpoint }: S3StoreOpts): string =>
	endpoint === undefined || !URL.canParse(endpoint) ? bucket : `${bucket} at ${new URL(endpoint).origin}`;

const assertBucket = async (bucket: Bucket, place: string, signal: AbortSignal): Promise<void> => {
	try {
		await bucket.request(`open the bucket ${bucket.name}`, signal, (client, options) =>
			client.send(new HeadBucketCommand({ Bucket: bucket.name }), options),
		);
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		const status = statusOf(error.cause);
		if (status === 404) throw unusable(`there is no bucket ${place}: make it, or correct its name`, error);
		if (status === 301) throw unusable(`the bucket ${bucket.name} is in another region`, error);
		if (isUntrusted(error.cause)) throw unusable("the service's certificate is not trusted: set caFile", error);
		// The answer to a HEAD has no words.
		if (error.code === "DENIED" && status !== undefined) {
			const why = `the keys do not open the bucket ${place}: they are wrong, or lack the right to it (status ${status})`;
			throw refused(why, error);
		}
		if (status !== undefined && status < 429) throw error;
		// No answer, too many requests, a failure of the service: all of that may pass.
		if (error.code !== "UNAVAILABLE") throw error;
	}
};

/** Whether TLS refused the service: `SELF_SIGNED_CERT_IN_CHAIN`, `ERR_TLS_CERT_ALTNAME_INVALID` and the like. */
const isUntrusted = (error: unknown): boolean =>
	error instanceof Error && "code" in error && typeof error.code === "string" && /CERT/.test(error.code);

const unusable = (message: string, cause: unknown): StoreError => new StoreError("UNAVAILABLE", message, { cause });

const refused = (message: string, cause: unknown): StoreError => new StoreError("DENIED", message, { cause });
