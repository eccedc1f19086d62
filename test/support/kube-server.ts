import type { IncomingMessage } from "node:http";
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest } from "node:http2";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { type Authority, createAuthority } from "./certificates.ts";

/** A request that arrived, whole. */
export interface Asked {
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: { readonly [name: string]: string | string[] | undefined };
	readonly body: string;
	/** `2.0` or `1.1` */
	readonly httpVersion: string;
}

/** What may be answered. */
export interface Answer {
	/** A whole answer. */
	json(status: number, value: unknown, headers?: { readonly [name: string]: string }): void;
	/** Head of an answer that goes on; {@link Answer.line} and {@link Answer.end} follow. */
	begin(): void;
	/** A piece of the body as it is. */
	raw(text: string): void;
	/** One event of a watch. */
	event(type: string, object: unknown): void;
	end(): void;
	/** Breaks the stream off. */
	reset(): void;
	/** Resolves when the client has closed the stream, or the server has. */
	readonly closed: Promise<void>;
}

/** Answers requests. What it throws breaks the stream off. */
export type Handle = (asked: Asked, answer: Answer) => void | Promise<void>;

/** A `Status` as the API server writes it. */
export const statusOf = (code: number, reason: string, message: string, details: object = {}): object => ({
	kind: "Status",
	apiVersion: "v1",
	metadata: {},
	status: "Failure",
	code,
	reason,
	message,
	details,
});

/**
 * An HTTPS server that speaks HTTP/2 and 1.1, behind a line that can be cut or go dead without a word. It answers as the
 * test says, and counts TCP connections.
 */
export class KubeServer implements AsyncDisposable {
	/** Requests in the order of their arrival. */
	readonly asked: Asked[] = [];
	/** How many TCP connections there have been. */
	connections = 0;
	/** May be replaced at any time. */
	handle: Handle;
	readonly #authority: Authority;
	readonly #server: Http2SecureServer | HttpsServer;
	readonly #line: Server;
	readonly #lines = new Set<Socket>();
	#over = false;
	readonly #sessions = new Set<{ destroy(): void }>();

	private constructor(authority: Authority, http2: boolean, handle: Handle) {
		this.handle = handle;
		this.#authority = authority;
		const serve = (request: Http2ServerRequest | IncomingMessage, response: Response) =>
			void this.#serve(request, response);
		this.#server = http2
			? createSecureServer({ ...authority.issue(), allowHTTP1: true }, serve)
			: createHttpsServer(authority.issue(), serve);
		this.#server.on("session", (session) => this.#sessions.add(session));
		this.#server.on("sessionError", () => {});
		this.#server.on("tlsClientError", () => {});
		this.#line = createServer((socket) => this.#join(socket));
	}

	/** Listens on loopback. */
	static async open(handle: Handle, { http2 = true }: { readonly http2?: boolean } = {}): Promise<KubeServer> {
		const server = new KubeServer(createAuthority(), http2, handle);
		for (const one of [server.#server, server.#line]) {
			const { promise, resolve } = Promise.withResolvers<void>();
			one.listen(0, "127.0.0.1", resolve);
			await promise;
		}
		return server;
	}

	get url(): string {
		return `https://127.0.0.1:${portOf(this.#line)}`;
	}

	/** PEM, for those who trust it. */
	get ca(): string {
		return this.#authority.ca;
	}

	/** TCP connections that are open now. */
	get open(): number {
		return this.#lines.size;
	}

	/** How to get here, with a token. */
	connection(token = "secret"): KubeConnection {
		return plainConnection({ url: this.url, ca: this.ca, token });
	}

	/** Requests of that verb: `GET /path`, without the query. */
	count(method: string, watch?: boolean): number {
		return this.asked.filter(
			(asked) => asked.method === method && (watch === undefined || asked.query.has("watch") === watch),
		).length;
	}

	/** Cuts all connections. */
	cut(): void {
		for (const socket of this.#lines) socket.resetAndDestroy();
	}

	/** From now on nothing comes through on the connections there are. New ones are fine. */
	freeze(): void {
		for (const socket of this.#lines) {
			socket.unpipe();
			socket.pause();
			socket.emit("freeze");
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#over = true;
		for (const session of this.#sessions) session.destroy();
		for (const socket of this.#lines) socket.destroy();
		for (const one of [this.#server, this.#line]) {
			const { promise, resolve } = Promise.withResolvers<unknown>();
			one.close(resolve);
			await promise;
		}
	}

	#join(client: Socket): void {
		// It had come before the line was closed, and was not yet seen.
		if (this.#over) {
			client.destroy();
			return;
		}
		this.connections++;
		this.#lines.add(client);
		const upstream = connect(portOf(this.#server), "127.0.0.1");
		client.pipe(upstream).pipe(client);
		client.on("freeze", () => {
			upstream.unpipe();
			upstream.pause();
		});
		for (const socket of [client, upstream]) socket.on("error", () => {});
		client.on("close", () => {
			this.#lines.delete(client);
			upstream.destroy();
		});
		upstream.on("close", () => client.destroy());
	}

	async #serve(request: Http2ServerRequest | IncomingMessage, response: Response): Promise<void> {
		const answer = answerTo(response);
		try {
			let body = "";
			for await (const chunk of request) body += String(chunk);
			const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
			const { method = "", headers, httpVersion } = request;
			const asked: Asked = { method, path: pathname, query: searchParams, headers, body, httpVersion };
			this.asked.push(asked);
			await this.handle(asked, answer);
		} catch {
			answer.reset();
		}
	}
}

const portOf = (server: { address(): AddressInfo | string | null }): number => {
	const address = server.address();
	if (typeof address !== "object" || address === null) throw new Error("no address");
	return address.port;
};

/** What answers of both versions of HTTP have in common. */
interface Response {
	on(event: "close" | "error", listener: () => void): unknown;
	writeHead(status: number, headers: { readonly [name: string]: string }): unknown;
	flushHeaders?(): void;
	write(text: string): boolean;
	end(): unknown;
	end(text: string): unknown;
	destroy(): unknown;
	readonly stream?: { close(code: number): void };
}

const answerTo = (response: Response): Answer => {
	const { promise: closed, resolve } = Promise.withResolvers<void>();
	response.on("close", resolve);
	response.on("error", () => {});
	return {
		closed,
		json: (status, value, headers = {}) => {
			response.writeHead(status, { "content-type": "application/json", ...headers });
			const text = typeof value === "string" ? value : JSON.stringify(value);
			// Node garbles what was written before when an HTTP/2 answer ends with an empty string.
			if (text === "") response.end();
			else response.end(text);
		},
		begin: () => {
			response.writeHead(200, { "content-type": "application/json" });
			// HTTP/1.1 answers keep their head back until there is a body.
			response.flushHeaders?.();
		},
		raw: (text) => void response.write(text),
		event: (type, object) => void response.write(`${JSON.stringify({ type, object })}\n`),
		end: () => void response.end(),
		reset: () => {
			if (response.stream === undefined) response.destroy();
			else response.stream.close(2);
		},
	};
};
