import type { Agent, Dispatcher } from "undici";
import { KubeError } from "#/kube/kube-error.ts";
import { Deadline } from "#/lib/deadline.ts";
import type { Timing } from "#/lib/timing.ts";
import { untilAborted } from "#/lib/until-aborted.ts";
import { causedBy } from "./caused-by.ts";
import type { KubeConnection } from "./connection.ts";
import { type AgentOpts, openAgent } from "./open-agent.ts";
import { readFailure } from "./read-failure.ts";
import { sendRequest } from "./send-request.ts";
import { VERBS, type Verb } from "./verbs.ts";

/** One request that has got its answer, or has failed. */
export interface ObservedCall {
	readonly method: string;
	readonly host: string;
	/** HTTP status, or `<error>` when there was no answer. */
	readonly code: string;
	/** Until the head of the answer. */
	readonly seconds: number;
}

/** What a {@link Transport} stands on. */
export interface TransportDeps {
	readonly connection: KubeConnection;
	readonly timing: Timing;
	/** Told of every request, those that are sent again as well. */
	readonly observe?: ((call: ObservedCall) => void) | undefined;
}

/** Settings of a {@link Transport}. */
export interface TransportOpts extends AgentOpts {
	/** Until a call is given up, milliseconds, with all that it is sent again. @defaultValue 30000 */
	readonly timeoutMs?: number | undefined;
	/** How often a call is sent at most. @defaultValue 4 */
	readonly tries?: number | undefined;
	/** @defaultValue "limani" */
	readonly userAgent?: string | undefined;
}

/** A request below the API server's address. */
export interface Call {
	readonly verb: Verb;
	/** Path and query, escaped. */
	readonly path: string;
	readonly body?: unknown;
}

/** When the server asks for patience without saying how much, milliseconds. */
const PATIENCE_MS = 1000;

/** Sends requests to an API server over one shared pool, and again where that is safe. */
export class Transport implements AsyncDisposable {
	readonly #connection: KubeConnection;
	readonly #timing: Timing;
	readonly #observe: ((call: ObservedCall) => void) | undefined;
	readonly #ending = new AbortController();
	readonly #agent: Agent;
	readonly #timeoutMs: number;
	readonly #tries: number;
	readonly #userAgent: string;
	readonly #origin: string;
	readonly #host: string;
	readonly #prefix: string;

	constructor({ connection, timing, observe }: TransportDeps, opts: TransportOpts = {}) {
		const url = new URL(connection.url);
		this.#connection = connection;
		this.#timing = timing;
		this.#observe = observe;
		this.#agent = openAgent(connection, opts, this.#ending.signal);
		this.#timeoutMs = opts.timeoutMs ?? 30_000;
		this.#tries = opts.tries ?? 4;
		this.#userAgent = opts.userAgent ?? "limani";
		this.#origin = url.origin;
		this.#host = url.host;
		this.#prefix = url.pathname.replace(/\/+$/, "");
	}

	/** The parsed answer. @throws KubeError for every failure but the signal's */
	async call(call: Call, signal: AbortSignal): Promise<unknown> {
		signal.throwIfAborted();
		using deadline = new Deadline(signal, this.#timeoutMs);
		for (let tries = 1; ; tries++) {
			try {
				const { body } = await this.#open(call, deadline.signal, 0);
				return parse(call, await body.text());
			} catch (cause) {
				signal.throwIfAborted();
				const error = this.#failure(call, cause, deadline.passed);
				const waitMs = tries < this.#tries ? this.#waitMs(call, error) : undefined;
				// Rather than be cut off while it waits, the caller hears now when to come back.
				if (waitMs === undefined || waitMs >= deadline.leftMs) throw error;
				await this.#timing.sleep(waitMs, deadline.signal).catch(() => {
					signal.throwIfAborted();
					throw error;
				});
			}
		}
	}

	/**
	 * The answer while it is still coming, as soon as its head is there. Aborting the signal later ends it.
	 *
	 * @throws KubeError for every failure but the signal's
	 */
	async open(call: Call, signal: AbortSignal): Promise<Dispatcher.ResponseData["body"]> {
		signal.throwIfAborted();
		try {
			return (await this.#open(call, signal, this.#timeoutMs)).body;
		} catch (cause) {
			signal.throwIfAborted();
			throw this.#failure(call, cause);
		}
	}

	/** Closes all connections; what is under way fails. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.#ending.abort();
		await this.#agent.destroy();
	}

	/** Refused credentials are got anew once. `headMs`: time for the head of the answer; 0: any. */
	async #open(call: Call, signal: AbortSignal, headMs: number): Promise<Dispatcher.ResponseData> {
		let response = await this.#send(call, await this.#credentials(false, signal), signal, headMs);
		if (response.statusCode === 401) {
			await response.body.dump();
			response = await this.#send(call, await this.#credentials(true, signal), signal, headMs);
		}
		if (response.statusCode < 300) return response;
		const retryAfter = response.headers["retry-after"];
		const text = await response.body.text();
		throw readFailure(nameOf(call), response.statusCode, text, typeof retryAfter === "string" ? retryAfter : undefined);
	}

	#credentials(fresh: boolean, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
		return untilAborted(signal, () => this.#connection.headers(fresh));
	}

	async #send(
		{ verb, path, body }: Call,
		credentials: Readonly<Record<string, string>>,
		signal: AbortSignal,
		headersTimeout: number,
	): Promise<Dispatcher.ResponseData> {
		const { method, contentType } = VERBS[verb];
		const startedAt = this.#timing.monotonic();
		let code = "<error>";
		try {
			const request = {
				origin: this.#origin,
				path: `${this.#prefix}${path}`,
				method,
				headersTimeout,
				headers: {
					accept: "application/json",
					"user-agent": this.#userAgent,
					...(contentType === undefined ? {} : { "content-type": contentType }),
					...credentials,
				},
				body: body === undefined ? null : JSON.stringify(body),
			};
			const response = await sendRequest(this.#agent, request, signal);
			code = String(response.statusCode);
			return response;
		} finally {
			const seconds = (this.#timing.monotonic() - startedAt) / 1000;
			this.#observe?.({ method, host: this.#host, code, seconds });
		}
	}

	/** Undefined: it is not sent again. */
	#waitMs({ verb }: Call, { code, status, retryAfterMs }: KubeError): number | undefined {
		if (this.#ending.signal.aborted) return undefined;
		const { reads = false, repeatable = false } = VERBS[verb];
		const again =
			status === undefined ? reads && code === "UNAVAILABLE" : repeatable && (status === 429 || status === 503);
		if (!again) return undefined;
		const patience = status === undefined ? PATIENCE_MS / 10 : PATIENCE_MS;
		// Never earlier than asked, and not all at the same time.
		return (retryAfterMs ?? patience) + this.#timing.random() * patience;
	}

	#failure(call: Call, cause: unknown, late = false): KubeError {
		if (cause instanceof KubeError) return cause;
		const within = late ? ` within ${this.#timeoutMs} ms` : "";
		return causedBy(cause, "UNAVAILABLE", `${nameOf(call)}: no answer from ${this.#origin}${within}`);
	}
}

const nameOf = ({ verb, path }: Call): string => `${verb} ${path.split("?", 1)[0]}`;

const parse = (call: Call, text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch (cause) {
		throw causedBy(cause, "UNKNOWN", `${nameOf(call)}: the answer is no JSON`);
	}
};
