import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How often connections that became idle are looked for while the server drains, milliseconds. */
const SWEEP_MS = 100;

/** Which request each connection is at: what a timeout, a malformed message or a stop means depends on it. */
export class Connections {
	readonly #server: Server;
	readonly #stallMs: number;
	/** Undefined before the first request of a connection; several requests in a row leave the last. */
	readonly #open = new Map<Socket, ServerResponse | undefined>();

	/** @param opts `stallMs`: how long a client may keep the server waiting within a request */
	constructor(server: Server, { stallMs, isTls }: { readonly stallMs: number; readonly isTls: boolean }) {
		this.#server = server;
		this.#stallMs = stallMs;
		server.timeout = stallMs;
		// Over TLS, a request's socket is another than the one that was accepted.
		server.on(isTls ? "secureConnection" : "connection", (socket: Socket) => {
			this.#open.set(socket, undefined);
			socket.once("close", () => this.#open.delete(socket));
		});
		server.on("timeout", (socket: Socket) => this.#timedOut(socket));
	}

	/** To be called with every request. */
	began(request: IncomingMessage, response: ServerResponse): void {
		this.#open.set(request.socket, response);
	}

	/** The response that is under way on a connection; undefined between requests. */
	current(socket: Socket): ServerResponse | undefined {
		const response = this.#open.get(socket);
		return response === undefined || response.writableFinished ? undefined : response;
	}

	/** Takes no more connections, and resolves when the last one is closed; cuts off what is left after `limitMs`. */
	async drain(limitMs: number): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		this.#server.close(() => resolve());
		// An answer that had begun before the stop did not tell its client to close the connection, and a connection
		// without a request would be waited for.
		const sweep = setInterval(() => this.#destroy((socket) => this.current(socket) === undefined), SWEEP_MS);
		const late = setTimeout(() => {
			this.#destroy(() => true);
			resolve();
		}, limitMs);
		await promise;
		clearInterval(sweep);
		clearTimeout(late);
	}

	#destroy(isToGo: (socket: Socket) => boolean): void {
		for (const socket of this.#open.keys()) if (isToGo(socket)) socket.destroy();
	}

	/** A connection stood still. Only where the client is the one to move does that end it. */
	#timedOut(socket: Socket): void {
		const response = this.current(socket);
		if (response !== undefined && isOurTurn(socket, response)) socket.setTimeout(this.#stallMs);
		else socket.destroy();
	}
}

const isOurTurn = (socket: Socket, response: ServerResponse): boolean => {
	// The client does not take what it asked for.
	if (socket.writableLength > 0) return false;
	const { req: request } = response;
	if (request.complete || request.readableLength >= request.readableHighWaterMark) return true;
	// Whoever listens to the request was told by now, and will answer.
	return request.listenerCount("timeout") > 0;
};
