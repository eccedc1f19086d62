/** How the server refuses what no handler gets to see: in the specification's form, like any other failure. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { formatErrors, OciError } from "#/oci/error.ts";
import { json, send, sendAndLinger } from "./reply.ts";

/** Answers a request that could be read but is not let in, and closes its connection. */
export const refuseRequest = (request: IncomingMessage, response: ServerResponse, error: OciError): void => {
	const headers = ["X-Content-Type-Options", "nosniff", "Connection", "close"];
	const reply = json(error.status, formatErrors(error), headers);
	const head = request.method === "HEAD";
	if (!isBodyComing(request)) {
		void send(response, reply, head);
		return;
	}
	request.resume();
	sendAndLinger(response, reply, head);
};

/** Whether the client sends a body without being told to continue. */
const isBodyComing = ({ headers }: IncomingMessage): boolean =>
	headers.expect === undefined &&
	(headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0);

/** How long a client that was told so may take to notice, milliseconds. */
const NOTICE_MS = 1_000;

/** Answers what could not even be read as a request, and closes the connection. */
export const refuseConnection = (socket: Duplex, cause: NodeJS.ErrnoException): void => {
	const error = errorOf(cause);
	const body = JSON.stringify(formatErrors(error));
	const lines = [
		`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
		`Date: ${new Date().toUTCString()}`,
		"Content-Type: application/json; charset=utf-8",
		"X-Content-Type-Options: nosniff",
		`Content-Length: ${Buffer.byteLength(body)}`,
		"Connection: close",
	];
	socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`);
	setTimeout(() => socket.destroy(), NOTICE_MS).unref();
};

const errorOf = (cause: NodeJS.ErrnoException): OciError => {
	switch (cause.code) {
		case "HPE_HEADER_OVERFLOW":
			return new OciError("UNSUPPORTED", { status: 431, message: "the headers are too large" });
		case "HPE_CHUNK_EXTENSIONS_OVERFLOW":
			return new OciError("UNSUPPORTED", { status: 413, message: "the extensions of a chunk are too large" });
		case "ERR_HTTP_REQUEST_TIMEOUT":
			return new OciError("REQUEST_TIMEOUT");
		default:
			return new OciError("UNSUPPORTED", { status: 400, message: "the request is no well-formed HTTP/1.1" });
	}
};
