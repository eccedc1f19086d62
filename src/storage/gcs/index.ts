/** The `gcs` driver: objects in a bucket of Google Cloud Storage. */
import type { BlobStore } from "#/storage/blob-store.ts";
import type { ByteBudget } from "#/storage/byte-budget.ts";
import { RemoteBlobStore } from "#/storage/remote-blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { Bucket } from "./bucket.ts";
import { findCredentials } from "./credentials.ts";
import { Connections } from "./exchange.ts";
import { statusOf, toStoreError } from "./gcs-error.ts";
import { gcsObjects } from "./gcs-objects.ts";
import { Presigner } from "./presigner.ts";

/** Which bucket, and how to get at it. */
export interface GcsStoreOpts {
	readonly bucket: string;
	/** In front of every key, empty or ending in a slash. */
	readonly prefix: string;
	/**
	 * Where the service is. Without TLS it is an emulator: no credentials are ever sent there.
	 *
	 * @defaultValue https://storage.googleapis.com
	 */
	readonly apiEndpoint?: string | undefined;
	/** @defaultValue the application default credentials */
	readonly credentialsFile?: string | undefined;
	/** Whether clients may be sent to the bucket: URLs are then signed, which takes a service account. */
	readonly redirect: boolean;
	/** How long such a URL is valid, in seconds. @defaultValue 1200 */
	readonly urlLife?: number;
	/** Bytes of a part. Objects up to this size go in one request. @defaultValue 8 MiB */
	readonly partSize?: number;
	/** Silence on a connection after which it is given up, in milliseconds. @defaultValue 30,000 */
	readonly idleMs?: number;
}

/** What GCS stores of a process share. */
export interface GcsStoreDeps {
	/** Bytes of parts under way. */
	readonly budget: ByteBudget;
	/** Gives an id that no other process gives. */
	readonly newId: () => string;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
	/** A number from 0 to 1. */
	readonly random: () => number;
}

const ENDPOINT = "https://storage.googleapis.com";

const URL_LIFE_SECONDS = 20 * 60;

const PART_BYTES = 8 * 1024 * 1024;

const IDLE_MS = 30_000;

/**
 * Opens the store in a bucket that is there.
 *
 * @throws StoreError with a message for the operator: UNAVAILABLE when there is no such bucket, DENIED when there are no
 * credentials, when they do not open it, or cannot sign where `redirect` needs it. A service that does not answer now
 * may answer later, and is no failure.
 */
export const openGcsStore = async (opts: GcsStoreOpts, deps: GcsStoreDeps, signal: AbortSignal): Promise<BlobStore> => {
	const endpoint = (opts.apiEndpoint ?? ENDPOINT).replace(/\/$/, "");
	const isSecure = endpoint.startsWith("https:");
	const { authorize, findSigner } = findCredentials(opts.credentialsFile);
	const connections = new Connections(opts.idleMs ?? IDLE_MS);
	const bucket = new Bucket(
		{ connections, authorize: isSecure ? authorize : async () => ({}), random: deps.random },
		{ ...opts, endpoint },
	);
	try {
		await assertBucket(bucket, signal);
		const presigner = opts.redirect
			? new Presigner({
					signer: await findSigner(),
					bucketUrl: `${endpoint}/${opts.bucket}`,
					now: deps.now,
					life: opts.urlLife ?? URL_LIFE_SECONDS,
				})
			: undefined;
		return new RemoteBlobStore(gcsObjects({ ...deps, bucket, partSize: opts.partSize ?? PART_BYTES, presigner }));
	} catch (error) {
		bucket[Symbol.dispose]();
		throw toStoreError(error, `open the bucket ${opts.bucket}`);
	}
};

/** Lists one object: the least right that a store needs in any case. */
const assertBucket = async (bucket: Bucket, signal: AbortSignal): Promise<void> => {
	try {
		const query = { maxResults: "1", fields: "items(name)" };
		await bucket.ask(`open the bucket ${bucket.name}`, { method: "GET", path: "/o", query }, signal);
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		const status = statusOf(error);
		if (status === 404) throw noBucket(bucket.name, error);
		if (status !== undefined && status < 429) throw error;
		// No answer, too many requests, a failure of the service: all of that may pass.
		if (error.code !== "UNAVAILABLE") throw error;
	}
};

const noBucket = (name: string, cause: unknown): StoreError =>
	new StoreError("UNAVAILABLE", `there is no bucket ${name}`, { cause });
