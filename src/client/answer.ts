import type { Dispatcher } from "undici";
import { RemoteError } from "./remote-error.ts";
import { TransientError } from "./transient-error.ts";

/** To which request an answer came. */
export interface Asked {
	readonly method: string;
	readonly url: URL;
	/** What the request showed that no message may repeat; absent: nothing. */
	readonly secrets?: readonly string[];
	/** When the answer came, milliseconds since the epoch. */
	readonly now: number;
}

/** An answer whose body is still to be read or given up, which one of its methods has to do. */
export class Answer {
	readonly asked: Asked;
	readonly status: number;
	readonly #headers: Dispatcher.ResponseData["headers"];
	readonly #body: Dispatcher.ResponseData["body"];
	readonly #signal: AbortSignal;

	constructor(asked: Asked, response: Dispatcher.ResponseData, signal: AbortSignal) {
		this.asked = asked;
		this.status = response.statusCode;
		this.#headers = response.headers;
		this.#body = response.body;
		this.#signal = signal;
		// Whoever reads the body hears of a break; where nobody does, it is nobody's failure, and must not end the process.
		this.#body.on("error", () => undefined);
	}

	/** What was asked, as messages have it. */
	get what(): string {
		return `${this.asked.method} ${this.asked.url.origin}${this.asked.url.pathname}`;
	}

	/** The header of this name in lower case; where it stands several times, all of them with a comma between. */
	header(name: string): string | undefined {
		const value = this.#headers[name];
		return Array.isArray(value) ? value.join(", ") : value;
	}

	/** The media type without its parameters, in lower case; undefined: none is given. */
	get mediaType(): string | undefined {
		return this.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
	}

	/** The length of the body by its header; undefined: none that can be read. */
	get length(): number | undefined {
		const text = this.header("content-length");
		return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
	}

	/** The whole body. @throws RemoteError INVALID when it is longer than `limit` bytes; UNREACHABLE when it breaks */
	async bytes(limit: number): Promise<Buffer> {
		const pieces: Uint8Array[] = [];
		let length = 0;
		for await (const piece of this.stream()) {
			length += piece.byteLength;
			if (length > limit) throw new RemoteError("INVALID", `${this.what}: the answer is longer than ${limit} bytes`);
			pieces.push(piece);
		}
		return Buffer.concat(pieces);
	}

	/** The body as JSON. @throws RemoteError INVALID when it is none, or longer than `limit` bytes */
	async json(limit: number): Promise<unknown> {
		const text = (await this.bytes(limit)).toString("utf8");
		try {
			return JSON.parse(text);
		} catch (cause) {
			throw noJson(this.what, cause);
		}
	}

	/** The body, piece by piece; leaving it early ends the connection. @throws RemoteError UNREACHABLE when it breaks */
	async *stream(): AsyncGenerator<Uint8Array> {
		try {
			for await (const piece of this.#body) {
				if (piece instanceof Uint8Array) yield piece;
			}
		} catch (cause) {
			this.#signal.throwIfAborted();
			throw brokenOff(this.what, cause);
		} finally {
			this.#body.destroy();
		}
	}

	/** Gives the body up: a short one is read, so that the connection can be used again. */
	async discard(): Promise<void> {
		await this.#body.dump({ limit: 64 * 1024 }).catch(() => undefined);
	}

	/** Ends the answer where it is. */
	abandon(): void {
		this.#body.destroy();
	}
}

const noJson = (what: string, cause: unknown): RemoteError =>
	new RemoteError("INVALID", `${what}: the answer is no JSON`, { cause });

const brokenOff = (what: string, cause: unknown): TransientError => {
	const why = cause instanceof Error ? cause.message : String(cause);
	return new TransientError("UNREACHABLE", `${what}: the answer broke off (${why})`, { cause });
};
