import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import { toStoreError } from "./azure-error.ts";

/** One container, seen below one prefix. All requests to the service pass here, so that all failures are turned here. */
export class Container {
	readonly #client: ContainerClient;
	readonly #prefix: string;

	/** @param prefix in front of every key, empty or ending in a slash */
	constructor(client: ContainerClient, prefix: string) {
		this.#client = client;
		this.#prefix = prefix;
	}

	/** The container's name. */
	get name(): string {
		return this.#client.containerName;
	}

	/** The name of the blob with this key. */
	nameOf(key: string): string {
		return this.#prefix + key;
	}

	/** The key of the store that a name in the container stands for; undefined for what is not below the prefix. */
	keyOf(name: string): string | undefined {
		return name.startsWith(this.#prefix) ? name.slice(this.#prefix.length) : undefined;
	}

	/**
	 * Sends a request about one blob; the SDK sends it again when the service is busy or the connection breaks.
	 *
	 * @param doing what is tried with the key, for people
	 * @throws StoreError, or the signal's reason once it has fired
	 */
	blob<T>(
		doing: string,
		key: string,
		signal: AbortSignal,
		send: (blob: BlockBlobClient, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
	): Promise<T> {
		const client = this.#client.getBlockBlobClient(this.nameOf(key));
		return this.request(`${doing} ${key}`, signal, (_, options) => send(client, options));
	}

	/** Sends a request about the container, as {@link Container.blob} does about one blob. */
	async request<T>(
		doing: string,
		signal: AbortSignal,
		send: (client: ContainerClient, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
	): Promise<T> {
		signal.throwIfAborted();
		try {
			return await send(this.#client, { abortSignal: signal });
		} catch (error) {
			signal.throwIfAborted();
			throw toStoreError(error, doing);
		}
	}
}
