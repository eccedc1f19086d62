import { hash, timingSafeEqual } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
	createSecureServer,
	type Http2SecureServer,
	type Http2ServerRequest,
	type Http2ServerResponse,
} from "node:http2";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Faults, FaultyRequest, RequestFault } from "#/kube-embedded/faults.ts";
import { NoSuchPathError, StatusError } from "#/kube-embedded/status-error.ts";
import { type ApiReply, type ApiRequest, isAsked } from "./api-request.ts";
import { faultyLines, silence } from "./faulty-lines.ts";
import { parseResourcePath } from "./request-path.ts";
import { type RouteDeps, route, routePublic } from "./route.ts";
import { sendReply } from "./send-reply.ts";
import { goneLine } from "./watch-lines.ts";

/** What the server needs beside what answers requests. */
export interface KubeServerDeps extends RouteDeps {
	/** What clients must present. */
	readonly token: string;
	/** Told of failures, with all that the client is not told. */
	readonly report: (message: string, error: unknown) => void;
	readonly faults: Faults;
}

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const MAX_BODY = 3 * 1024 * 1024;

const readAll = async (request: Request): Promise<Uint8Array> => {
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request) {
		const bytes = Buffer.from(chunk);
		size += bytes.length;
		if (size > MAX_BODY) {
			throw new StatusError("RequestEntityTooLarge", `the request is larger than ${MAX_BODY} bytes`);
		}
		chunks.push(bytes);
	}
	return Buffer.concat(chunks);
};

/** The token is compared by its hash, so that neither its bytes nor its length show in how long it takes. */
const isAuthorized = (request: Pick<ApiRequest, "headers">, token: string): boolean => {
	const digest = (text: string): Uint8Array => hash("sha256", text, "buffer");
	const given = /^bearer\s+(.*)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
	return timingSafeEqual(digest(given.trim()), digest(token));
};

const faultyRequestOf = ({ method, url, headers }: ApiRequest): FaultyRequest => {
	const path = url.pathname;
	let plural: string | undefined;
	try {
		plural = parseResourcePath(path)?.plural;
	} catch {
		plural = undefined;
	}
	const isWatch = method === "GET" && isAsked({ url }, "watch");
	const isApply = headers["content-type"]?.startsWith("application/apply-patch") === true;
	return { method, path, plural, isWatch, isApply, userAgent: headers["user-agent"] };
};

/** The result code of SQLite that says so (https://www.sqlite.org/rescode.html#full). */
const SQLITE_FULL = 13;

/** What clients are told of a failure that is none of theirs: that there is no room, as that is for them to know. */
const failureOf = (error: unknown): StatusError => {
	const isFull = error instanceof Error && "errcode" in error && error.errcode === SQLITE_FULL;
	return new StatusError("InternalError", isFull ? "no room on the disk of this API" : "Internal error occurred");
};

const replyTo = (error: unknown, report: KubeServerDeps["report"]): ApiReply => {
	if (error instanceof NoSuchPathError) {
		return { status: error.status, headers: { "Content-Type": "text/plain; charset=utf-8" }, text: error.text };
	}
	const known = error instanceof StatusError ? error : failureOf(error);
	if (known !== error) report("a request to the embedded API failed", error);
	const { retryAfterSeconds } = known.details ?? {};
	const headers: Record<string, string> = {};
	if (retryAfterSeconds !== undefined) headers["Retry-After"] = String(retryAfterSeconds);
	return { status: known.status, headers, json: known.toStatus() };
};

const answerFault = ({ status, retryAfterSeconds }: RequestFault & { kind: "answer" }): ApiReply => {
	const details = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
	const reasons = { 429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 504: "Timeout" } as const;
	throw new StatusError(reasons[status], `told to answer ${status}`, details);
};

/** The HTTPS server of the API, for HTTP/2 and HTTP/1.1. */
export class KubeServer implements AsyncDisposable {
	readonly #deps: KubeServerDeps;
	readonly #server: Http2SecureServer;
	readonly #sockets = new Set<Socket>();
	readonly #closing = new AbortController();

	constructor(deps: KubeServerDeps, identity: { readonly cert: string; readonly key: string }) {
		this.#deps = deps;
		this.#server = createSecureServer({ allowHTTP1: true, ...identity });
		this.#server.on("connection", (socket: Socket) => {
			this.#sockets.add(socket);
			socket.once("close", () => this.#sockets.delete(socket));
		});
		this.#server.on("sessionError", () => {});
		this.#server.on("request", (request, response) => void this.#serve(request, response));
	}

	/** Listens; gives the port. */
	async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
		this.#server.listen(port, host);
		await once(this.#server, "listening");
		const address = this.#server.address();
		return typeof address === "object" && address !== null ? address.port : port;
	}

	/** New connections see this certificate. */
	renew(identity: { readonly cert: string; readonly key: string }): void {
		this.#server.setSecureContext(identity);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#closing.abort();
		if (!this.#server.listening) return;
		const closed = once(this.#server, "close");
		this.#server.close();
		for (const socket of this.#sockets) socket.destroy();
		await closed;
	}

	async #serve(request: Request, response: Response): Promise<void> {
		const gone = new AbortController();
		response.once("close", () => gone.abort());
		response.on("error", () => gone.abort());
		request.on("error", () => gone.abort());
		const asked: ApiRequest = {
			method: request.method ?? "GET",
			url: new URL(request.url ?? "/", "https://embedded"),
			headers: request.headers,
			body: () => readAll(request),
			signal: AbortSignal.any([gone.signal, this.#closing.signal]),
		};
		try {
			const fault = this.#deps.faults.request?.(faultyRequestOf(asked));
			if (fault?.kind === "cut") return void request.socket.destroy();
			if (fault?.kind === "hang") return await silence(asked.signal);
			const reply = await this.#answer(asked, fault).catch((error) => replyTo(error, this.#deps.report));
			if (fault?.kind === "cut-after") return void request.socket.destroy();
			await sendReply(asked, response, reply);
		} catch (error) {
			if (!asked.signal.aborted) this.#deps.report("an answer of the embedded API broke off", error);
			response.destroy();
		}
	}

	async #answer(request: ApiRequest, fault: RequestFault | undefined): Promise<ApiReply> {
		if (fault?.kind === "answer") return answerFault(fault);
		if (fault?.kind === "delay") {
			await sleep(fault.ms, undefined, { signal: request.signal }).catch(() => {
				throw new StatusError("Timeout", "the client did not wait");
			});
		}
		const open = request.method === "GET" ? routePublic(request, this.#deps) : undefined;
		if (open !== undefined) return open;
		if (!isAuthorized(request, this.#deps.token)) throw new StatusError("Unauthorized", "Unauthorized");
		const reply = await route(request, this.#deps);
		const watch = "lines" in reply ? this.#deps.faults.watch?.(faultyRequestOf(request)) : undefined;
		if (watch === undefined || !("lines" in reply)) return reply;
		return { ...reply, lines: faultyLines(reply.lines, watch, goneLine(0, 0), request.signal) };
	}
}
