import type { ServerResponse } from "node:http";

/** What a handler answers: a status, headers, and a body as bytes or as a function that sends it. */
export interface Reply {
	readonly status: number;
	/** Names and values in turn, as `writeHead` takes them. */
	readonly headers: readonly string[];
	/** The whole body; its length is sent for HEAD as well. */
	readonly body?: Uint8Array | string | undefined;
	/** Sends a body that is streamed; `headers` then hold its Content-Length. */
	readonly stream?: (response: ServerResponse) => Promise<void>;
}

/** A reply without a body. */
export const empty = (status: number, headers: readonly string[] = []): Reply => ({
	status,
	headers: status === 204 || status === 304 ? headers : [...headers, "Content-Length", "0"],
});

/** A reply with a JSON body. */
export const json = (status: number, value: unknown, headers: readonly string[] = []): Reply => ({
	status,
	headers: [...headers, "Content-Type", "application/json; charset=utf-8"],
	body: JSON.stringify(value),
});

/** Bodies up to this many bytes go out in one write with the headers. */
const ONE_WRITE = 64 * 1024;

/** Writes a reply. A body that is streamed takes a while: what is returned resolves when its last byte was handed over. */
export const send = (response: ServerResponse, reply: Reply, head: boolean): Promise<void> | undefined => {
	const { body } = reply;
	if (body === undefined) {
		response.writeHead(reply.status, [...reply.headers]);
		if (reply.stream !== undefined && !head) return reply.stream(response);
		response.end();
		return undefined;
	}
	response.writeHead(reply.status, [...reply.headers, "Content-Length", String(Buffer.byteLength(body))]);
	if (head) response.end();
	else if (typeof body === "string" || body.byteLength > ONE_WRITE) response.end(body);
	// Node joins headers and body only where both are text; latin1 has a character for each byte.
	else response.end(latin1Of(body), "latin1");
	return undefined;
};

const latin1Of = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
	Buffer.from(buffer, byteOffset, byteLength).toString("latin1");

/** How long a client may go on sending what nobody waits for, milliseconds. */
const LINGER_MS = 10_000;

/**
 * Writes a reply to a client that is still sending. Closing the connection at once would take the answer away from it
 * before it was read (RFC 9112 §9.6), so the response ends only with the request, whose rest is to be dropped as it
 * comes. The reply says `Connection: close`.
 */
export const sendAndLinger = (response: ServerResponse, reply: Reply, head: boolean): void => {
	const { req: request } = response;
	const { body } = reply;
	const length = body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))];
	response.writeHead(reply.status, [...reply.headers, ...length]);
	if (head || body === undefined) response.flushHeaders();
	else response.write(body);
	const end = (): void => {
		clearTimeout(timer);
		response.end();
	};
	const timer = setTimeout(end, LINGER_MS);
	request.once("close", end);
};
