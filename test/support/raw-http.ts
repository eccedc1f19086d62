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
	#pieces: Buffer[] = [];
	#isOver = false;

	constructor(socket: Socket) {
		this.socket = socket;
		socket.on("error", () => undefined);
		socket.on("data", (data: Buffer) => {
			this.#pieces.push(data);
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
		if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)];
		return this.#pieces[0] ?? Buffer.alloc(0);
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
			const isOver = this.#isOver;
			const parsed = parseResponse(this.received, { head, isOver });
			if (parsed !== undefined) {
				this.#pieces = [this.received.subarray(parsed.length)];
				return parsed.response;
			}
			if (isOver) throw new Error(`the connection ended after ${JSON.stringify(this.received.toString("latin1"))}`);
			if (performance.now() > deadline) throw new Error(`no answer within ${withinMs} ms`);
			await sleep(2);
		}
	}

	[Symbol.dispose](): void {
		this.socket.destroy();
	}
}

interface Parsed {
	readonly response: RawResponse;
	/** Bytes that it takes. */
	readonly length: number;
}

const parseResponse = (bytes: Buffer, { head, isOver }: { head: boolean; isOver: boolean }): Parsed | undefined => {
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
	const rest = bytes.subarray(end + 4);
	const body = head || status < 200 || status === 204 || status === 304 ? NOTHING : parseBody(rest, headers, isOver);
	if (body === undefined) return undefined;
	return { response: { status, headers, body: body.content }, length: end + 4 + body.length };
};

interface Body {
	readonly content: Buffer;
	readonly length: number;
}

const NOTHING: Body = { content: Buffer.alloc(0), length: 0 };

const parseBody = (bytes: Buffer, headers: RawResponse["headers"], isOver: boolean): Body | undefined => {
	const size = headers["content-length"];
	if (size !== undefined) {
		const length = Number(size);
		return bytes.length < length ? undefined : { content: bytes.subarray(0, length), length };
	}
	if (headers["transfer-encoding"] === "chunked") return parseChunks(bytes);
	return isOver ? { content: bytes, length: bytes.length } : undefined;
};

const parseChunks = (bytes: Buffer): Body | undefined => {
	const chunks: Buffer[] = [];
	for (let at = 0; ; ) {
		const line = bytes.indexOf("\r\n", at);
		if (line < 0) return undefined;
		const size = Number.parseInt(bytes.subarray(at, line).toString("latin1"), 16);
		const next = line + 2 + size + 2;
		if (bytes.length < next) return undefined;
		if (size === 0) return { content: Buffer.concat(chunks), length: next };
		chunks.push(bytes.subarray(line + 2, next - 2));
		at = next;
	}
};
