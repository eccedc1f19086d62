/** The `azure` driver: objects as block blobs in a container of Azure Blob Storage. */
import {
	AnonymousCredential,
	BlobServiceClient,
	type ContainerClient,
	newPipeline,
	StorageSharedKeyCredential,
} from "@azure/storage-blob";
import type { BlobStore } from "#/storage/blob-store.ts";
import type { ByteBudget } from "#/storage/byte-budget.ts";
import { RemoteBlobStore } from "#/storage/remote-blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { statusOf } from "./azure-error.ts";
import { type AzureObjectsDeps, azureObjects } from "./azure-objects.ts";
import { Container } from "./container.ts";
import { presign } from "./presigner.ts";
import { createTransport } from "./transport.ts";

/** Which container, and how to get at it. */
export interface AzureStoreOpts {
	readonly container: string;
	/** In front of every key, empty or ending in a slash. */
	readonly prefix: string;
	readonly account: AzureAccount;
	/** Whether clients may be sent to the container: URLs are then signed, which takes the account's key. */
	readonly redirect: boolean;
	/** How long such a URL is valid, in seconds. @defaultValue 1200 */
	readonly urlLife?: number;
	/** Bytes of a block. Objects up to this size go in one request. @defaultValue 8 MiB */
	readonly blockSize?: number;
	/** Silence on a connection after which it is given up, in milliseconds. @defaultValue 30,000 */
	readonly idleMs?: number;
}

/** The storage account: its key, or a connection string as the portal shows it. */
export type AzureAccount =
	| {
			readonly accountName: string;
			/** In base64. */
			readonly accountKey: string;
			/** @defaultValue that of the account at Azure */
			readonly endpoint?: string | undefined;
	  }
	| { readonly connectionString: string };

/** What Azure stores of a process share. */
export interface AzureStoreDeps {
	/** Bytes of blocks under way. */
	readonly budget: ByteBudget;
	/** Gives an id that no other process gives. */
	readonly newId: () => string;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
}

const URL_LIFE_SECONDS = 20 * 60;

const IDLE_MS = 30_000;

const BLOCK_BYTES = 8 * 1024 * 1024;

/** Requests in all, first and repeated ones, with pauses that double between. */
const RETRIES = { maxTries: 4, retryDelayInMs: 200, maxRetryDelayInMs: 5_000 };

/**
 * Opens the store in a container that is there.
 *
 * @throws StoreError with a message for the operator: UNAVAILABLE when there is no such container or the settings make
 * no sense, DENIED when the key does not open it. A service that does not answer now may answer later, and is no failure.
 */
export const openAzureStore = async (
	opts: AzureStoreOpts,
	deps: AzureStoreDeps,
	signal: AbortSignal,
): Promise<BlobStore> => {
	const { store, container } = connectAzureStore(opts, deps);
	try {
		await assertContainer(container, signal);
		return store;
	} catch (error) {
		await store[Symbol.asyncDispose]();
		throw error;
	}
};

/** As {@link openAzureStore}, without asking whether the container is there and open to us. */
export const connectAzureStore = (
	opts: AzureStoreOpts,
	deps: AzureStoreDeps,
): { readonly store: BlobStore; readonly container: Container } => {
	const { credential, url } = connect(opts.account);
	const transport = createTransport(url, opts.idleMs ?? IDLE_MS);
	const pipeline = newPipeline(credential, { retryOptions: RETRIES });
	pipeline.factories.push(transport.policy);
	const client = new BlobServiceClient(url, pipeline).getContainerClient(opts.container);
	const container = new Container(client, opts.prefix);
	const objects = azureObjects({
		...deps,
		container,
		partSize: opts.blockSize ?? BLOCK_BYTES,
		...presignerOf(client, opts, deps),
		close: transport.close,
	});
	return { store: new RemoteBlobStore(objects), container };
};

interface Connection {
	readonly credential: StorageSharedKeyCredential | AnonymousCredential;
	/** Of the account, with the signature that a connection string without a key has. */
	readonly url: string;
}

const connect = (account: AzureAccount): Connection => {
	try {
		if ("connectionString" in account) {
			const { credential, url } = BlobServiceClient.fromConnectionString(account.connectionString);
			const isKey = credential instanceof StorageSharedKeyCredential;
			return { credential: isKey ? credential : new AnonymousCredential(), url };
		}
		const { accountName, accountKey, endpoint } = account;
		const credential = new StorageSharedKeyCredential(accountName, accountKey);
		return { credential, url: (endpoint ?? `https://${accountName}.blob.core.windows.net`).replace(/\/$/, "") };
	} catch (cause) {
		throw unusable("the connection string of the Azure account cannot be read", cause);
	}
};

/** Lists one blob: the least right that a store needs in any case. */
const assertContainer = async (container: Container, signal: AbortSignal): Promise<void> => {
	try {
		await container.request(`open the container ${container.name}`, signal, (client, options) =>
			client.listBlobsFlat(options).byPage({ maxPageSize: 1 }).next(),
		);
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		const status = statusOf(error.cause);
		if (status === 404) throw unusable(`there is no container ${container.name}`, error);
		if (status !== undefined && status < 429) throw error;
		// No answer, too many requests, a failure of the service: all of that may pass.
		if (error.code !== "UNAVAILABLE") throw error;
	}
};

const presignerOf = (
	client: ContainerClient,
	opts: AzureStoreOpts,
	{ now }: AzureStoreDeps,
): Pick<AzureObjectsDeps, "presign"> => {
	if (!opts.redirect) return {};
	const { credential, containerName, url: containerUrl } = client;
	if (!(credential instanceof StorageSharedKeyCredential)) {
		throw unusable("clients cannot be sent to the container without the account's key, which signs the URLs");
	}
	const deps = { credential, containerUrl, containerName, now, life: opts.urlLife ?? URL_LIFE_SECONDS };
	return { presign: (name, wanted) => presign(deps, name, wanted) };
};

const unusable = (message: string, cause?: unknown): StoreError => new StoreError("UNAVAILABLE", message, { cause });
