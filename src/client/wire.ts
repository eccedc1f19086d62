import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { Answer } from "./answer.ts";
import { RemoteError } from "./remote-error.ts";
import { shownSecrets } from "./shown-secrets.ts";
import type { ClientTiming } from "./timing.ts";
import { TransientError } from "./transient-error.ts";

/** One request that has got its answer, or has failed. */
export interface ObservedRequest {
	readonly method: string;
	readonly host: string;
	/** HTTP status, or `<error>` when there was no answer. */
	readonly code: string;
	/** Until the head of the answer. */
	readonly seconds: number;
}

/** A request to anywhere. */
export interface WireRequest {
	readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
	readonly url: URL;
	readonly headers?: Readonly<Record<string, string>>;
	/** Bytes, or what opens a stream of them, whose length the headers tell; opened again when the request is sent again. */
	readonly body?: string | Uint8Array | (() => AsyncIterable<Uint8Array>) | undefined;
	/**
	 * Of HEAD, whether its connection is used again. Else it ends with the answer, for there are servers that send a body
	 * all the same, which must not be read as the next answer: only for what could be no such thing, as JSON is none.
	 *
	 * @defaultValue false
	 */
	readonly keepsConnection?: boolean;
}

/** What {@link Wire} stands on. */
export interface WireDeps {
	readonly agent: Dispatcher;
	readonly timing: ClientTiming;
	/** Aborted, with the failure of all that is under way then, when nothing is to be sent any more. */
	readonly lifetime: AbortSignal;
	/** Told of every request, those that are sent again as well. */
	readonly observe?: ((request: ObservedRequest) => void) | undefined;
}

/** Sends single requests: no credentials, no second try, no redirect followed. */
export class Wire {
	readonly timing: ClientTiming;
	readonly #deps: WireDeps;

	constructor(deps: WireDeps) {
		this.timing = deps.timing;
		this.#deps = deps;
	}

	/**
	 * The answer, whatever its status, as soon as its head is there.
	 *
	 * @throws RemoteError UNREACHABLE (a {@link TransientError}), FORBIDDEN; whatever the body's stream throws
	 */
	async send(request: WireRequest, signal: AbortSignal): Promise<Answer> {
		signal.throwIfAborted();
		this.#deps.lifetime.throwIfAborted();
		const { method, url, headers, body } = request;
		const source = typeof body === "function" ? new Source(body()) : undefined;
		const startedAt = this.timing.monotonic();
		let code = "<error>";
		try {
			const response = await this.#deps.agent.request({
				origin: url.origin,
				path: `${url.pathname}${url.search}`,
				method,
				headers: { "user-agent": "limani", ...headers },
				body: typeof body === "function" ? (source?.stream ?? null) : (body ?? null),
				signal,
				...(request.keepsConnection === true ? { reset: false } : {}),
			});
			code = String(response.statusCode);
			return new Answer({ method, url, secrets: shownSecrets(request), now: this.timing.now() }, response, signal);
		} catch (cause) {
			signal.throwIfAborted();
			this.#deps.lifetime.throwIfAborted();
			if (source?.failure !== undefined) throw source.failure.reason;
			throw failureOf(`${method} ${nameOf(url)}`, cause);
		} finally {
			const seconds = (this.timing.monotonic() - startedAt) / 1000;
			this.#deps.observe?.({ method, host: url.host, code, seconds });
		}
	}
}

/** The URL as messages have it: a query may hold secrets. */
export const nameOf = (url: URL): string => `${url.origin}${url.pathname}`;

/** Whether a server answered in plain HTTP where TLS was spoken: what OpenSSL says of that tells nobody. */
const isPlain = (error: unknown): boolean =>
	error instanceof Error && "code" in error && error.code === "ERR_SSL_WRONG_VERSION_NUMBER";

const failureOf = (what: string, cause: unknown): RemoteError => {
	if (cause instanceof RemoteError) return cause;
	const inner = cause instanceof AggregateError ? cause.errors[0] : cause;
	const why = isPlain(inner) ? "it does not speak TLS" : inner instanceof Error ? inner.message : String(inner);
	return new TransientError("UNREACHABLE", `${what}: no answer (${why})`, { cause });
};

/** A request's body that remembers its own failure, which is nobody else's. */
class Source {
	readonly stream: Readable;
	failure: { readonly reason: unknown } | undefined;

	constructor(bytes: AsyncIterable<Uint8Array>) {
		this.stream = Readable.from(this.#pass(bytes), { objectMode: false });
		// Whoever sends the stream hears of its failure; after that it is nobody's.
		this.stream.on("error", () => undefined);
	}

	async *#pass(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
		try {
			yield* bytes;
		} catch (reason) {
			this.failure = { reason };
			throw reason;
		}
	}
}
