import { once } from "node:events";
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent, type Dispatcher } from "undici";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { linesOf } from "#/kube/rest/lines-of.ts";
import type { Faults, FaultyRequest, RequestFault } from "#/kube-embedded/faults.ts";
import { faultyLines, silence } from "#/kube-embedded/server/faulty-lines.ts";
import { parseResourcePath } from "#/kube-embedded/server/request-path.ts";
import { goneLine } from "#/kube-embedded/server/watch-lines.ts";
import { StatusError } from "#/kube-embedded/status-error.ts";
import { createAuthority } from "./certificates.ts";

/** What belongs to one connection and is not passed on. */
const OF_CONNECTIONS: ReadonlySet<string> = new Set(["host", "connection", "transfer-encoding", "keep-alive"]);

/**
 * Stands before an API server and passes on what it is asked, with the faults that the embedded API can have too.
 * Whoever asks says himself who he is: headers go through.
 */
export class KubeFront implements AsyncDisposable {
	readonly #authority = createAuthority();
	readonly #server = createSecureServer({ allowHTTP1: true, ...this.#authority.issue() });
	readonly #sockets = new Set<Socket>();
	readonly #closing = new AbortController();
	readonly #agent: Agent;
	readonly #origin: string;
	readonly #faults: Faults;

	private constructor(origin: string, ca: string, faults: Faults) {
		this.#origin = origin;
		this.#faults = faults;
		this.#agent = new Agent({ connect: { ca }, bodyTimeout: 0, headersTimeout: 0 });
		this.#server.on("connection", (socket: Socket) => {
			this.#sockets.add(socket);
			socket.once("close", () => this.#sockets.delete(socket));
		});
		this.#server.on("sessionError", () => {});
		this.#server.on("request", (request, response) => void this.#serve(request, response));
	}

	/** Opens one on loopback. */
	static async open({ url, tls }: KubeConnection, faults: Faults): Promise<KubeFront> {
		const { ca } = await tls();
		const front = new KubeFront(url, String(ca), faults);
		front.#server.listen(0, "127.0.0.1");
		await once(front.#server, "listening");
		return front;
	}

	get url(): string {
		const address = this.#server.address();
		if (typeof address !== "object" || address === null) throw new Error("no address");
		return `https://127.0.0.1:${address.port}`;
	}

	/** PEM, for those who trust it. */
	get ca(): string {
		return this.#authority.ca;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#closing.abort();
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
		await this.#agent.destroy();
	}

	async #serve(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
		const gone = new AbortController();
		for (const event of ["close", "error"] as const) response.once(event, () => gone.abort());
		request.on("error", () => gone.abort());
		const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
		const asked = faultyRequestOf(request);
		try {
			const fault = this.#faults.request?.(asked);
			if (fault?.kind === "cut") return void request.socket.destroy();
			if (fault?.kind === "hang") return await silence(signal);
			if (fault?.kind === "answer") return answer(response, fault);
			if (fault?.kind === "delay") await sleep(fault.ms, undefined, { signal });
			const got = await this.#pass(request, signal);
			// Whoever asked may be gone before anybody reads it.
			got.body.on("error", () => {});
			if (fault?.kind === "cut-after") {
				await got.body.dump();
				return void request.socket.destroy();
			}
			response.writeHead(got.statusCode, withoutConnection(got.headers));
			const watch = asked.isWatch && got.statusCode === 200 ? this.#faults.watch?.(asked) : undefined;
			if (watch === undefined) return await pipeline(got.body, response);
			await pipeline(faultyLines(wholeLines(got.body), watch, goneLine(0, 0), signal), response);
		} catch {
			response.stream.destroy();
		}
	}

	async #pass(request: Http2ServerRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
		const pieces: Buffer[] = [];
		for await (const piece of request) pieces.push(Buffer.from(piece));
		return await this.#agent.request({
			origin: this.#origin,
			path: request.url,
			method: methodOf(request.method),
			headers: withoutConnection(request.headers),
			body: pieces.length === 0 ? null : Buffer.concat(pieces),
			signal,
		});
	}
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

const methodOf = (method: string): (typeof METHODS)[number] => {
	const found = METHODS.find((one) => one === method);
	if (found === undefined) throw new Error(`nobody asks for ${method} here`);
	return found;
};

type Headers = Record<string, string | string[]>;

const withoutConnection = (headers: NodeJS.Dict<string | string[]>): Headers => {
	const kept: Headers = {};
	for (const [name, value] of Object.entries(headers)) {
		if (value !== undefined && !name.startsWith(":") && !OF_CONNECTIONS.has(name)) kept[name] = value;
	}
	return kept;
};

const faultyRequestOf = ({ method, url, headers }: Http2ServerRequest): FaultyRequest => {
	const { pathname, searchParams } = new URL(url, "https://front");
	const isWatch = method === "GET" && ["true", "1"].includes(searchParams.get("watch") ?? "");
	const plural = parseResourcePath(pathname)?.plural;
	const isApply = headers["content-type"]?.startsWith("application/apply-patch") === true;
	return { method, path: pathname, plural, isWatch, isApply, userAgent: headers["user-agent"] };
};

const REASONS = {
	403: "Forbidden",
	429: "TooManyRequests",
	500: "InternalError",
	503: "ServiceUnavailable",
	504: "Timeout",
} as const;

const answer = (response: Http2ServerResponse, fault: RequestFault & { readonly kind: "answer" }): void => {
	const { status, retryAfterSeconds } = fault;
	const later = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
	response.writeHead(status, { "content-type": "application/json", ...later });
	response.end(JSON.stringify(new StatusError(REASONS[status], `told to answer ${status}`).toStatus()));
};

/** Longer than any object of a test, bytes. */
const LONGEST_LINE = 16 << 20;

/** Each with its end. */
async function* wholeLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	for await (const line of linesOf(body, LONGEST_LINE)) yield `${line}\n`;
}
