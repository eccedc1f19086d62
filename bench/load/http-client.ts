import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { finished } from "node:stream/promises";

/** One connection to a server, kept between requests. */
export class HttpClient implements Disposable {
	readonly #port: number;
	readonly #authorization: string | undefined;
	readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });

	constructor(port: number, authorization: string | undefined) {
		this.#port = port;
		this.#authorization = authorization;
	}

	/**
	 * Sends a request and drops the answer's body.
	 *
	 * @param pieces of the request's body
	 * @throws unless the status is `expected`
	 */
	async send(
		method: string,
		path: string,
		expected: number,
		pieces: readonly Uint8Array[] = [],
		headers: Readonly<Record<string, string>> = {},
	): Promise<IncomingHttpHeaders> {
		const size = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
		const all: Record<string, string> = { "content-type": "application/octet-stream", ...headers };
		if (method !== "GET" && method !== "HEAD") all["content-length"] = String(size);
		if (this.#authorization !== undefined) all.authorization = this.#authorization;
		const outgoing = request({ port: this.#port, host: "127.0.0.1", method, path, headers: all, agent: this.#agent });
		const answer = new Promise<{ readonly headers: IncomingHttpHeaders; readonly status: number; text: string }>(
			(resolve, reject) => {
				outgoing.on("error", reject);
				outgoing.on("response", (response) => {
					let text = "";
					response.on("data", (data: Buffer) => {
						if (text.length < 1000) text += data.toString();
					});
					response.on("end", () => resolve({ headers: response.headers, status: response.statusCode ?? 0, text }));
					response.on("error", reject);
				});
			},
		);
		answer.catch(() => undefined);
		for (const piece of pieces) {
			if (!outgoing.write(piece)) await new Promise<void>((resolve) => outgoing.once("drain", resolve));
		}
		outgoing.end();
		await finished(outgoing, { readable: false });
		const { status, text, headers: answered } = await answer;
		if (status !== expected) throw new Error(`${method} ${path}: ${status} ${text}`);
		return answered;
	}

	[Symbol.dispose](): void {
		this.#agent.destroy();
	}
}
