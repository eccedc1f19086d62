// HTTP as bytes on a socket, for what a well-behaved client never sends.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** An answer, taken apart. */
export interface RawResponse {
	readonly status: number;
	/** By lower-case name; several of one name are joined with ", ". */
	readonly headers: Readonly<Record<string, string>>;
	readonly body: Buffer;
}

/** One connection. */
export class RawConnection implements Disposable {
	readonly socket: Socket;
	/** Resolves when the connection is closed, by whomever. */
	readonly closed: Promise<void>;
	#received = Buffer.alloc(0);
	#isOver = false;

	constructor(socket: Socket) {
		this.socket = socket;
		socket.on("error", () => undefined);
		socket.on("data", (data: Buffer) => {
			this.#received = Buffer.concat([this.#received, data]);
		});
		socket.once("end", () => {
			this.#isOver = true;
		});
		this.closed = new Promise((resolve) => {
			socket.once("close", () => {
				this.#isOver = true;
				resolve();
			});
		});
	}

	/** Connects to a port of loopback. */
	static async open(port: number): Promise<RawConnection> {
		const socket = connect({ port, host: "127.0.0.1" });
		await once(socket, "connect");
		return new RawConnection(socket);
	}

	/** What came and was not taken as an answer yet. */
	get received(): Buffer {
		return this.#received;
	}

	/** Sends bytes; lines of text end in `\n` here and in `\r\n` on the wire. */
	send(bytes: string | Uint8Array): void {
		this.socket.write(typeof bytes === "string" ? bytes.replaceAll("\n", "\r\n") : bytes);
	}

	/** Sends a request without a body, or the head of one with a body to come. */
	request(method: string, target: string, headers: Readonly<Record<string, string | number>> = {}): void {
		const lines = Object.entries({ host: "registry.test", ...headers }).map(([name, value]) => `${name}: ${value}\n`);
		this.send(`${method} ${target} HTTP/1.1\n${lines.join("")}\n`);
	}

	/**
	 * Takes the next answer, interim ones included.
	 *
	 * @throws Error when the connection ends before it, or it does not come within `withinMs`
	 */
	async response({ head = false, withinMs = 10_000 } = {}): Promise<RawResponse> {
		const deadline = performance.now() + withinMs;
		for (;;) {
			const parsed = parseResponse(this.#received, head);
			if (parsed !== undefined) {
				this.#received = this.#received.subarray(parsed.length);
				return parsed.response;
			}
			if (this.#isOver)
				throw new Error(`the connection ended after ${JSON.stringify(this.#received.toString("latin1"))}`);
			if (performance.now() > deadline) throw new Error(`no answer within ${withinMs} ms`);
			await sleep(2);
		}
	}

	[Symbol.dispose](): void {
		this.socket.destroy();
	}
}

const parseResponse = (
	bytes: Buffer,
	head: boolean,
): { readonly response: RawResponse; readonly length: number } | undefined => {
	const end = bytes.indexOf("\r\n\r\n");
	if (end < 0) return undefined;
	const [statusLine = "", ...lines] = bytes.subarray(0, end).toString("latin1").split("\r\n");
	const status = Number(statusLine.split(" ")[1]);
	const headers: Record<string, string> = {};
	for (const line of lines) {
		const colon = line.indexOf(":");
		const name = line.slice(0, colon).toLowerCase();
		const value = line.slice(colon + 1).trim();
		headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
	}
	const isBodiless = head || status < 200 || status === 204 || status === 304;
	const size = isBodiless ? 0 : Number(headers["content-length"] ?? Number.NaN);
	if (Number.isNaN(size)) throw new Error(`an answer without a length: ${statusLine}`);
	const length = end + 4 + size;
	if (bytes.length < length) return undefined;
	return { response: { status, headers, body: bytes.subarray(end + 4, length) }, length };
};
