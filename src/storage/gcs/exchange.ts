import { Agent as HttpAgent, type IncomingMessage, request as sendPlain } from "node:http";
import { Agent as HttpsAgent, request as sendSecure } from "node:https";

/** One request. */
export interface Exchange {
	readonly method: "GET" | "POST" | "DELETE";
	readonly url: URL;
	readonly headers: Readonly<Record<string, string>>;
	/** Sent one behind the other. @defaultValue no body */
	readonly body?: readonly Uint8Array[];
}

/** Connections to the service at once; each blob on its way to a client has one. */
const MAX_CONNECTIONS = 512;

/** Connections of a store's own. */
export class Connections implements Disposable {
	readonly #idleMs: number;
	readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });
	readonly #secure = new HttpsAgent({ keepAlive: true, maxSockets: MAX_CONNECTIONS });

	/** @param idleMs silence on a connection after which it is given up, in milliseconds */
	constructor(idleMs: number) {
		this.#idleMs = idleMs;
	}

	/**
	 * Sends a request once. Resolves with the head of the answer, whatever its status; who gets it must read or destroy
	 * it. The signal ends the body, too.
	 */
	async send({ method, url, headers, body = [] }: Exchange, signal: AbortSignal): Promise<IncomingMessage> {
		const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
		const isSecure = url.protocol === "https:";
		const opts = { method, headers: { ...headers, "content-length": lengthOf(body) }, signal, timeout: this.#idleMs };
		const outgoing = isSecure
			? sendSecure(url, { ...opts, agent: this.#secure }, resolve)
			: sendPlain(url, { ...opts, agent: this.#plain }, resolve);
		outgoing.on("timeout", () => outgoing.destroy(new Error("the service has been silent for too long")));
		outgoing.on("error", reject);
		for (const piece of body) outgoing.write(piece);
		outgoing.end();
		return await promise;
	}

	/** Ends the connections; requests under way fail. */
	[Symbol.dispose](): void {
		this.#plain.destroy();
		this.#secure.destroy();
	}
}

const lengthOf = (body: readonly Uint8Array[]): number => body.reduce((sum, piece) => sum + piece.byteLength, 0);
