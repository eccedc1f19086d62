// A server on loopback that stands in for any host: what is asked of it can be looked at, and is answered as told.
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as dial } from "node:net";
import { buffer } from "node:stream/consumers";
import type { buildConnector } from "undici";

/** A request as it came. */
export interface SeenRequest {
	readonly method: string;
	/** What the client took it for, such as `https://registry.example.com`. */
	readonly origin: string;
	readonly path: string;
	readonly query: URLSearchParams;
	/** With its query, as it was written. */
	readonly target: string;
	readonly headers: IncomingHttpHeaders;
	readonly body: Buffer;
}

/** An answer: an object goes out as JSON. */
export interface StandInReply {
	readonly status?: number;
	readonly headers?: Readonly<Record<string, string | readonly string[]>>;
	readonly body?: string | Uint8Array | object;
	/** Cuts the connection after so many bytes of the body. */
	readonly cutAfter?: number;
}

/** Says what to answer; undefined: cuts the connection. */
export type StandInPlan = (request: SeenRequest) => StandInReply | undefined | Promise<StandInReply | undefined>;

/** A stand-in for servers. */
export class StandIn implements AsyncDisposable {
	readonly seen: SeenRequest[] = [];
	readonly #plan: StandInPlan;
	readonly #server = createServer((request, response) => {
		this.#serve(request, response).catch(() => response.destroy());
	});
	readonly #origins = new Map<number, string>();

	private constructor(plan: StandInPlan) {
		this.#plan = plan;
	}

	/** Listens on loopback. */
	static async open(plan: StandInPlan): Promise<StandIn> {
		const standIn = new StandIn(plan);
		standIn.#server.listen(0, "127.0.0.1");
		await once(standIn.#server, "listening");
		return standIn;
	}

	/** Where it really is. */
	get url(): string {
		return `http://127.0.0.1:${this.#port}`;
	}

	/** The requests so far, as `GET https://host/path?query`. */
	get lines(): readonly string[] {
		return this.seen.map(({ method, origin, target }) => `${method} ${origin}${target}`);
	}

	/** Connects a client to here, whatever host it means. */
	readonly connect: buildConnector.connector = ({ protocol, host, hostname }, callback) => {
		const socket = dial(this.#port, "127.0.0.1");
		socket.once("error", (error) => callback(error, null));
		socket.once("connect", () => {
			this.#origins.set(socket.localPort ?? 0, `${protocol}//${host ?? hostname}`);
			callback(null, socket);
		});
	};

	async [Symbol.asyncDispose](): Promise<void> {
		this.#server.close();
		this.#server.closeAllConnections();
		await once(this.#server, "close");
	}

	get #port(): number {
		const address = this.#server.address();
		if (address === null || typeof address === "string") throw new Error("no address");
		return address.port;
	}

	async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
		const { method = "", url: target = "/", headers } = request;
		const origin = this.#origins.get(request.socket.remotePort ?? 0) ?? `http://${headers.host}`;
		const { pathname: path, searchParams: query } = new URL(target, "http://host");
		const seen = { method, origin, path, query, target, headers, body: await buffer(request) };
		this.seen.push(seen);
		const reply = await this.#plan(seen);
		if (reply === undefined) return void response.destroy();
		send(response, reply);
	}
}

const send = (response: ServerResponse, { status = 200, headers = {}, body = "", cutAfter }: StandInReply): void => {
	const isPlain = typeof body === "string" || body instanceof Uint8Array;
	const bytes = Buffer.from(isPlain ? body : JSON.stringify(body));
	const type = isPlain ? {} : { "content-type": "application/json" };
	const fields = Object.entries({ "content-length": String(bytes.length), ...type, ...headers });
	response.writeHead(status, Object.fromEntries(fields.map(([name, value]) => [name, asMutable(value)])));
	if (cutAfter === undefined) return void response.end(bytes);
	response.write(bytes.subarray(0, cutAfter), () => setImmediate(() => response.destroy()));
};

const asMutable = (value: string | readonly string[]): string | string[] =>
	typeof value === "string" ? value : [...value];
