// HTTP as bytes on a socket, for what a well-behaved client never sends.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

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
	#size = 0;
	#isOver = false;
	#changed = Promise.withResolvers<void>();

	constructor(socket: Socket) {
		this.socket = socket;
		socket.on("error", () => undefined);
		socket.on("data", (data: Buffer) => {
			this.#pieces.push(data);
			this.#size += data.length;
			this.#change();
		});
		const over = (): void => {
			this.#isOver = true;
			this.#change();
		};
		socket.once("end", over);
		this.closed = new Promise((resolve) => {
			socket.once("close", () => {
				over();
				resolve();
			});
		});
	}

	/** Connects to a port, of loopback where no host is named. */
	static async open(port: number, host = "127.0.0.1"): Promise<RawConnection> {
		const socket = connect({ port, host });
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
		let isLate = false;
		const timer = setTimeout(() => {
			isLate = true;
			this.#change();
		}, withinMs);
		try {
			for (let needed = 0; ; ) {
				const isOver = this.#isOver;
				if (this.#size >= needed || isOver) {
					const parsed = parseResponse(this.received, { head, isOver });
					if ("response" in parsed) {
						this.#pieces = [this.received.subarray(parsed.length)];
						this.#size -= parsed.length;
						return parsed.response;
					}
					needed = parsed.needed;
				}
				if (isOver) throw new Error(`the connection ended after ${JSON.stringify(this.received.toString("latin1"))}`);
				if (isLate) throw new Error(`no answer within ${withinMs} ms`);
				await this.#changed.promise;
			}
		} finally {
			clearTimeout(timer);
		}
	}

	#change(): void {
		this.#changed.resolve();
		this.#changed = Promise.withResolvers();
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

interface Unfinished {
	/** Bytes that there must be at least before it is worth while to look again. */
	readonly needed: number;
}

const parseResponse = (bytes: Buffer, { head, isOver }: { head: boolean; isOver: boolean }): Parsed | Unfinished => {
	const end = bytes.indexOf("\r\n\r\n");
	if (end < 0) return { needed: bytes.length + 1 };
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
	if ("needed" in body) return { needed: end + 4 + body.needed };
	return { response: { status, headers, body: body.content }, length: end + 4 + body.length };
};

interface Body {
	readonly content: Buffer;
	readonly length: number;
}

const NOTHING: Body = { content: Buffer.alloc(0), length: 0 };

const parseBody = (bytes: Buffer, headers: RawResponse["headers"], isOver: boolean): Body | Unfinished => {
	const size = headers["content-length"];
	if (size !== undefined) {
		const length = Number(size);
		return bytes.length < length ? { needed: length } : { content: bytes.subarray(0, length), length };
	}
	if (headers["transfer-encoding"] === "chunked") return parseChunks(bytes);
	return isOver ? { content: bytes, length: bytes.length } : { needed: bytes.length + 1 };
};

const parseChunks = (bytes: Buffer): Body | Unfinished => {
	const chunks: Buffer[] = [];
	for (let at = 0; ; ) {
		const line = bytes.indexOf("\r\n", at);
		if (line < 0) return { needed: bytes.length + 1 };
		const size = Number.parseInt(bytes.subarray(at, line).toString("latin1"), 16);
		const next = line + 2 + size + 2;
		if (bytes.length < next) return { needed: next };
		if (size === 0) return { content: Buffer.concat(chunks), length: next };
		chunks.push(bytes.subarray(line + 2, next - 2));
		at = next;
	}
};
