import type { IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connections, Exchange } from "./exchange.ts";
import { GcsFailure, isPassing, toStoreError } from "./gcs-error.ts";

/** What a {@link Bucket} works with. */
export interface BucketDeps {
	readonly connections: Connections;
	/** The headers that say who we are. */
	readonly authorize: (signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;
	/** A number from 0 to 1, so that those who wait do not come back together. */
	readonly random: () => number;
}

/** Where the objects of a store are. */
export interface BucketOpts {
	/** Without a slash at the end. */
	readonly endpoint: string;
	readonly bucket: string;
	/** In front of every key, empty or ending in a slash. */
	readonly prefix: string;
}

/** A request for the bucket. */
export interface BucketRequest extends Pick<Exchange, "method" | "body"> {
	/** `upload` for what brings an object's bytes. @defaultValue "storage" */
	readonly service?: "storage" | "upload/storage";
	/** Behind the bucket's path, such as `/o`. */
	readonly path: string;
	readonly query?: Readonly<Record<string, string>>;
	readonly headers?: Readonly<Record<string, string>>;
}

/** Requests in all, first and repeated ones. */
const MAX_ATTEMPTS = 4;

/** Longest pause before the second request, in milliseconds; doubled for each further one. */
const FIRST_PAUSE_MS = 400;

/** Answers other than objects are short. */
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

/**
 * One bucket, seen below one prefix, by the JSON API. All requests to the service pass here, so that all are repeated
 * when the service is busy or the connection breaks, and all failures are turned here. So each must be safe to repeat.
 */
export class Bucket implements Disposable {
	readonly #deps: BucketDeps;
	readonly #opts: BucketOpts;

	constructor(deps: BucketDeps, opts: BucketOpts) {
		this.#deps = deps;
		this.#opts = opts;
	}

	/** The bucket's name. */
	get name(): string {
		return this.#opts.bucket;
	}

	/** The name of the object with this key. */
	nameOf(key: string): string {
		return this.#opts.prefix + key;
	}

	/** The path of the object with this key, for {@link BucketRequest.path}. */
	pathOf(key: string): string {
		return `/o/${encodeURIComponent(this.nameOf(key))}`;
	}

	/** The key of the store that a name in the bucket stands for; undefined for what is not below the prefix. */
	keyOf(name: string): string | undefined {
		return name.startsWith(this.#opts.prefix) ? name.slice(this.#opts.prefix.length) : undefined;
	}

	/**
	 * Sends a request and reads the JSON of its answer; undefined when it has none.
	 *
	 * @param doing what is tried, for people
	 * @throws StoreError, or the signal's reason once it has fired
	 */
	ask(doing: string, request: BucketRequest, signal: AbortSignal): Promise<unknown> {
		return this.#attempt(doing, signal, async () => {
			const answer = await this.#send(request, signal);
			const text = await readText(answer);
			return text === "" ? undefined : JSON.parse(text);
		});
	}

	/** Sends a request whose answer is read by the caller, as {@link Bucket.ask} does. */
	stream(doing: string, request: BucketRequest, signal: AbortSignal): Promise<IncomingMessage> {
		return this.#attempt(doing, signal, () => this.#send(request, signal));
	}

	/** Ends the connections; requests under way fail. */
	[Symbol.dispose](): void {
		this.#deps.connections[Symbol.dispose]();
	}

	async #attempt<T>(doing: string, signal: AbortSignal, send: () => Promise<T>): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			signal.throwIfAborted();
			try {
				return await send();
			} catch (error) {
				signal.throwIfAborted();
				if (attempt >= MAX_ATTEMPTS || !isPassing(error)) throw toStoreError(error, doing);
			}
			const pause = FIRST_PAUSE_MS * 2 ** (attempt - 1) * this.#deps.random();
			await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
		}
	}

	async #send(request: BucketRequest, signal: AbortSignal): Promise<IncomingMessage> {
		const { service = "storage", path, query = {}, headers, method, body } = request;
		const { endpoint, bucket } = this.#opts;
		const url = new URL(`${endpoint}/${service}/v1/b/${encodeURIComponent(bucket)}${path}`);
		url.search = new URLSearchParams(query).toString();
		const exchange = {
			method,
			url,
			headers: { ...headers, ...(await this.#deps.authorize(signal)) },
			...(body && { body }),
		};
		const answer = await this.#deps.connections.send(exchange, signal);
		const status = answer.statusCode ?? 0;
		if (status >= 200 && status < 300) return answer;
		throw parseFailure(status, await readText(answer));
	}
}

const readText = async (answer: IncomingMessage): Promise<string> => {
	const pieces: Uint8Array[] = [];
	let size = 0;
	for await (const piece of answer) {
		if (!(piece instanceof Uint8Array)) throw new TypeError("the answer brings no bytes");
		size += piece.byteLength;
		if (size > MAX_TEXT_BYTES) throw new GcsFailure(0, "", "the answer is too long");
		pieces.push(piece);
	}
	return Buffer.concat(pieces).toString();
};

/** The service's own words, from `{"error": {"message": …, "errors": [{"reason": …}]}}`. */
const parseFailure = (status: number, text: string): GcsFailure => {
	const error = fieldOf(parseJson(text), "error");
	const errors = fieldOf(error, "errors");
	const reason = fieldOf(Array.isArray(errors) ? errors[0] : undefined, "reason");
	const message = fieldOf(error, "message");
	return new GcsFailure(
		status,
		typeof reason === "string" ? reason : "",
		typeof message === "string" ? message : text.slice(0, 200),
	);
};

const parseJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

const fieldOf = (value: unknown, name: string): unknown =>
	typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
