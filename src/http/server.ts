/**
 * One port for everything a client speaks to: `/v2` is answered directly on node:http, which is the hot path;
 * express carries the rest.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import type { Express } from "express";

/** Bounds on what one client can make the server hold. Times are milliseconds. */
export interface ServerLimits {
	/** Bytes of all headers of a request. @defaultValue 16384 */
	readonly maxHeaderBytes: number;
	/** Characters of a request target. @defaultValue 8192 */
	readonly maxTargetLength: number;
	/** How long the headers of a request may take. @defaultValue 15000 */
	readonly headersMs: number;
	/** How long a connection may stand still within a request. @defaultValue 60000 */
	readonly stallMs: number;
	/** How long an idle connection is kept. @defaultValue 75000 */
	readonly keepAliveMs: number;
	/** Connections at once; more are refused. @defaultValue 10000 */
	readonly maxConnections: number;
}

/** The defaults of {@link ServerLimits}. */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
	maxHeaderBytes: 16_384,
	maxTargetLength: 8_192,
	headersMs: 15_000,
	stallMs: 60_000,
	keepAliveMs: 75_000,
	maxConnections: 10_000,
};

/** What the server passes requests to. */
export interface ServerDeps {
	readonly v2: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
	readonly app: Express;
	readonly limits: ServerLimits;
	/** PEM key and certificate chain; absent: plain HTTP. */
	readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

/** Makes the server; it does not listen yet. */
export const createHttpServer = ({ v2, app, limits, tls }: ServerDeps): Server => {
	const options = {
		maxHeaderSize: limits.maxHeaderBytes,
		headersTimeout: limits.headersMs,
		keepAliveTimeout: limits.keepAliveMs,
		// Uploads may take hours as long as they move: `timeout` below watches for that.
		requestTimeout: 0,
		connectionsCheckingInterval: 5_000,
		noDelay: true,
	};
	const server = tls === undefined ? createServer(options) : createTlsServer({ ...options, ...tls });
	server.timeout = limits.stallMs;
	server.maxConnections = limits.maxConnections;
	const handle = (request: IncomingMessage, response: ServerResponse): void => {
		const target = request.url ?? "/";
		if (target.length > limits.maxTargetLength) {
			response.writeHead(414, { Connection: "close", "Content-Length": 0 }).end();
		} else if (isV2(target)) {
			void v2(request, response);
		} else {
			app(request, response);
		}
	};
	server.on("request", handle);
	// The answer to `Expect: 100-continue` waits until the request was let in.
	server.on("checkContinue", handle);
	server.on("clientError", refuseMalformed);
	return server;
};

const isV2 = (target: string): boolean =>
	target.startsWith("/v2") && (target.length === 3 || target[3] === "/" || target[3] === "?");

const STATUS_LINES: { readonly [code: string]: string } = {
	HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
	HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
	ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

const refuseMalformed = (error: NodeJS.ErrnoException, socket: Duplex): void => {
	if (error.code === "ECONNRESET" || !socket.writable) {
		socket.destroy();
		return;
	}
	const status = STATUS_LINES[error.code ?? ""] ?? "400 Bad Request";
	socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
};
