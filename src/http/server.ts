/**
 * One port for everything a client speaks to: `/v2` is answered directly on node:http, which is the hot path;
 * express carries the rest.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { OciError } from "#/oci/error.ts";
import { Connections } from "./connections.ts";
import { refuseConnection, refuseRequest } from "./refuse.ts";

/** Bounds on what one client can make the server hold. Times are milliseconds. */
export interface ServerLimits {
	/** Bytes of all headers of a request. @defaultValue 16384 */
	readonly maxHeaderBytes: number;
	/** Characters of a request target. @defaultValue 8192 */
	readonly maxTargetLength: number;
	/** How long the headers of a request may take. @defaultValue 15000 */
	readonly headersMs: number;
	/** How long a client may keep the server waiting within a request. @defaultValue 60000 */
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
	/** Everything that is not below `/v2`. */
	readonly app: (request: IncomingMessage, response: ServerResponse) => void;
	readonly limits: ServerLimits;
	/** PEM key and certificate chain; absent: plain HTTP. */
	readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

/** A server, and how to stop it. */
export interface HttpServer {
	/** It does not listen yet. */
	readonly server: Server;
	/** Takes no more connections, lets requests finish, and cuts off what is left after `limitMs`. */
	drain(limitMs: number): Promise<void>;
}

/** Makes the server. */
export const createHttpServer = ({ v2, app, limits, tls }: ServerDeps): HttpServer => {
	const options = {
		maxHeaderSize: limits.maxHeaderBytes,
		headersTimeout: limits.headersMs,
		keepAliveTimeout: limits.keepAliveMs,
		// Uploads may take hours as long as they move, which `Connections` watches.
		requestTimeout: 0,
		connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
		noDelay: true,
		// Node would refuse without a word; `refusalOf` says what is wrong.
		requireHostHeader: false,
		// A stream that could only end is not made for requests without a body.
		optimizeEmptyRequests: true,
	};
	const server =
		tls === undefined
			? createServer(options)
			: createTlsServer({ ...options, ...tls, handshakeTimeout: limits.headersMs, minVersion: "TLSv1.2" });
	server.maxConnections = limits.maxConnections;
	const connections = new Connections(server, { stallMs: limits.stallMs, isTls: tls !== undefined });
	const handle = (request: IncomingMessage, response: ServerResponse): void => {
		connections.began(request, response);
		// After an offer that was not taken up, Node's parser no longer tells of what is malformed.
		if (request.headers.upgrade !== undefined) response.shouldKeepAlive = false;
		const target = targetOf(request);
		const refusal = refusalOf(request, target, limits);
		if (refusal !== undefined) {
			refuseRequest(request, response, refusal);
		} else if (isV2(target)) {
			void v2(request, response);
		} else {
			app(request, response);
		}
	};
	server.on("request", handle);
	// The answer to `Expect: 100-continue` waits until the request was let in.
	server.on("checkContinue", handle);
	server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
		connections.began(request, response);
		const message = "the expectation cannot be met: only 100-continue can";
		refuseRequest(request, response, new OciError("UNSUPPORTED", { status: 417, message }));
	});
	server.on("clientError", (error, socket) => refuseMalformed(error, socket, connections));
	return { server, drain: (limitMs) => connections.drain(limitMs) };
};

const ORIGIN = /^https?:\/\/[^/?#]*/i;

/** A target may name the server as well (RFC 9112 §3.2.2); handlers find only path and query. */
const targetOf = (request: IncomingMessage): string => {
	const target = request.url ?? "/";
	if (target.startsWith("/")) return target;
	const rest = target.replace(ORIGIN, "");
	request.url = rest.startsWith("/") || rest === target ? rest : `/${rest}`;
	return request.url;
};

/** Why a request is not let in; undefined when it is. */
const refusalOf = (request: IncomingMessage, target: string, limits: ServerLimits): OciError | undefined => {
	if (target.length > limits.maxTargetLength) {
		const detail = `at most ${limits.maxTargetLength} characters, got ${target.length}`;
		return new OciError("UNSUPPORTED", { status: 414, message: "the request target is too long", detail });
	}
	// RFC 9112 §3.2.
	if (request.headers.host === undefined && request.httpVersionMinor > 0) {
		return new OciError("UNSUPPORTED", { status: 400, message: "the request has no Host header" });
	}
	return undefined;
};

const isV2 = (target: string): boolean =>
	target.startsWith("/v2") && (target.length === 3 || target[3] === "/" || target[3] === "?");

const refuseMalformed = (error: NodeJS.ErrnoException, socket: Duplex, connections: Connections): void => {
	const isAnswering = socket instanceof Socket && connections.current(socket)?.headersSent === true;
	if (error.code === "ECONNRESET" || !socket.writable || isAnswering) socket.destroy();
	else refuseConnection(socket, error);
};
