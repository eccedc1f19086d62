// A plain HTTP client that tells an answer from none: it knows nothing of retries.
import { Agent, type IncomingHttpHeaders, type OutgoingHttpHeaders, request as send } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** A request. */
export interface Call {
	readonly method: string;
	/** With its query. */
	readonly path: string;
	readonly headers?: OutgoingHttpHeaders;
	/** The body, in pieces; its Content-Length is sent. */
	readonly body?: readonly Uint8Array[];
	/** To wait between two pieces, milliseconds. */
	readonly pauseMs?: number;
}

/** An answer that came whole. */
export interface Answer {
	readonly status: number;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

/** One client, with connections of its own, which it uses again unless it is told not to. */
export class HttpClient implements Disposable {
	readonly #origin: URL;
	readonly #authorization: string;
	readonly #timeoutMs: number;
	readonly #agent: Agent;
	/** How many requests were never sent, because nobody listened. */
	refused = 0;

	/**
	 * @param timeoutMs how long to wait while nothing comes or goes
	 * @param keepAlive whether a connection serves more than one request
	 */
	constructor(url: string, authorization: string, timeoutMs = 30_000, keepAlive = true) {
		this.#agent = new Agent({ keepAlive });
		this.#origin = new URL(url);
		this.#authorization = authorization;
		this.#timeoutMs = timeoutMs;
	}

	/** Undefined when no whole answer came: the request may have been carried out, or not, or may be yet. */
	async call({ method, path, headers, body = [], pauseMs = 0 }: Call): Promise<Answer | undefined> {
		const { hostname, port } = this.#origin;
		const length = body.reduce((sum, piece) => sum + piece.byteLength, 0);
		const request = send({
			host: hostname,
			port,
			method,
			path,
			agent: this.#agent,
			timeout: this.#timeoutMs,
			headers: { authorization: this.#authorization, "content-length": length, ...headers },
		});
		request.on("timeout", () => request.destroy(new Error("timeout")));
		const answer = new Promise<Answer | undefined>((resolve) => {
			request.once("error", (error) => {
				if ("code" in error && error.code === "ECONNREFUSED") this.refused += 1;
				resolve(undefined);
			});
			request.once("response", (response) => {
				const pieces: Buffer[] = [];
				response.on("data", (piece: Buffer) => pieces.push(piece));
				response.once("error", () => resolve(undefined));
				response.once("close", () => {
					const { statusCode: status = 0, headers: found } = response;
					resolve(response.complete ? { status, headers: found, body: Buffer.concat(pieces) } : undefined);
				});
			});
		});
		for (const [index, piece] of body.entries()) {
			if (index > 0 && pauseMs > 0) await sleep(pauseMs);
			if (request.destroyed || request.writableEnded) break;
			request.write(piece);
		}
		request.end();
		return await answer;
	}

	[Symbol.dispose](): void {
		this.#agent.destroy();
	}
}
