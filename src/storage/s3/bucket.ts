import type { S3Client } from "@aws-sdk/client-s3";
import { StoreError } from "#/storage/store-error.ts";
import { statusOf, toStoreError } from "./s3-error.ts";

/** Where the objects of a store are. */
export interface BucketOpts {
	readonly bucket: string;
	/** In front of every key, empty or ending in a slash. */
	readonly prefix: string;
}

/** The place of one object, as requests name it. */
export interface ObjectPlace {
	readonly Bucket: string;
	readonly Key: string;
}

/** One bucket, seen below one prefix. All requests to the service pass here, so that all failures are turned here. */
export class Bucket implements Disposable {
	readonly #client: S3Client;
	readonly #opts: BucketOpts;
	#knowsConditions = true;

	constructor(client: S3Client, opts: BucketOpts) {
		this.#client = client;
		this.#opts = opts;
	}

	/** The bucket's name. */
	get name(): string {
		return this.#opts.bucket;
	}

	/** How requests name the object with this key. */
	at(key: string): ObjectPlace {
		return { Bucket: this.#opts.bucket, Key: this.#opts.prefix + key };
	}

	/** The key of the store that a name in the bucket stands for; undefined for what is not below the prefix. */
	keyOf(name: string): string | undefined {
		return name.startsWith(this.#opts.prefix) ? name.slice(this.#opts.prefix.length) : undefined;
	}

	/**
	 * Sends one request; the SDK sends it again when the service is busy or the connection breaks.
	 *
	 * @param doing what is tried, for people
	 * @throws StoreError, or the signal's reason once it has fired
	 */
	async request<T>(
		doing: string,
		signal: AbortSignal,
		send: (client: S3Client, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
	): Promise<T> {
		signal.throwIfAborted();
		try {
			return await send(this.#client, { abortSignal: signal });
		} catch (error) {
			signal.throwIfAborted();
			throw toStoreError(error, doing);
		}
	}

	/**
	 * Sends one request that makes an object, unless there is one under its key: a process that lost an upload and wakes
	 * late must not write over what the next holder of it made. The few services that do not know this condition are
	 * asked without it.
	 *
	 * @returns false when there is an object
	 */
	async requestIfAbsent(
		doing: string,
		signal: AbortSignal,
		send: (
			client: S3Client,
			options: { readonly abortSignal: AbortSignal },
			condition: { readonly IfNoneMatch?: "*" },
		) => Promise<unknown>,
	): Promise<boolean> {
		const condition = this.#knowsConditions ? ({ IfNoneMatch: "*" } as const) : {};
		try {
			await this.request(doing, signal, (client, options) => send(client, options, condition));
			return true;
		} catch (error) {
			const status = error instanceof StoreError ? statusOf(error.cause) : undefined;
			if (status === 412) return false;
			if (status !== 501 || !this.#knowsConditions) throw error;
			this.#knowsConditions = false;
			return await this.requestIfAbsent(doing, signal, send);
		}
	}

	/** Ends the connections; requests under way fail. */
	[Symbol.dispose](): void {
		this.#client.destroy();
	}
}
