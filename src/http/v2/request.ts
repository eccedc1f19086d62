import type { IncomingMessage, ServerResponse } from "node:http";
import type { Access } from "#/auth/access.ts";
import type { Reply } from "#/http/reply.ts";
import { OciError } from "#/oci/error.ts";
import type { Registry } from "#/registry/registry.ts";
import type { V2Context } from "./context.ts";
import { positionOf } from "./uploads.ts";

/** How long a refused client may go on sending before its connection is cut, milliseconds. */
const LINGER_MS = 5_000;

/** One request below `/v2`. What costs something is made when it is first asked for. */
export class V2Request implements V2Context {
	readonly registry: Registry;
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
	readonly id: string;
	/** The path as it was sent, without the query. */
	readonly rawPath: string;
	readonly #rawQuery: string;
	#query: URLSearchParams | undefined;
	#controller: AbortController | undefined;
	#access: Access | undefined;

	constructor(registry: Registry, request: IncomingMessage, response: ServerResponse, id: string) {
		this.registry = registry;
		this.request = request;
		this.response = response;
		this.id = id;
		const url = request.url ?? "/";
		const mark = url.indexOf("?");
		this.rawPath = mark < 0 ? url : url.slice(0, mark);
		this.#rawQuery = mark < 0 ? "" : url.slice(mark + 1);
	}

	get query(): URLSearchParams {
		this.#query ??= new URLSearchParams(this.#rawQuery);
		return this.#query;
	}

	get access(): Access {
		if (this.#access === undefined) throw new OciError("UNAUTHORIZED");
		return this.#access;
	}

	/** Undefined before the request was authorized. */
	get actor(): string | undefined {
		return this.#access?.actor;
	}

	/** Says as whom the request goes on. */
	authorized(access: Access): void {
		this.#access = access;
	}

	get signal(): AbortSignal {
		if (this.#controller === undefined) {
			const controller = new AbortController();
			this.#controller = controller;
			this.response.once("close", () => {
				if (!this.response.writableFinished) controller.abort();
			});
			if (this.response.destroyed) controller.abort();
		}
		return this.#controller.signal;
	}

	body(): AsyncIterable<Uint8Array> {
		if (expectsContinue(this.request)) this.response.writeContinue();
		return this.request;
	}

	/** True when an answer now leaves bytes of the request unread, so that the connection cannot be used again. */
	leavesBodyUnread(): boolean {
		if (this.request.complete) return false;
		const { socket } = this.request;
		this.response.once("finish", () => {
			this.request.resume();
			setTimeout(() => socket.destroy(), LINGER_MS).unref();
		});
		return true;
	}

	/** Adds what a client needs to go on after a chunk that does not fit: where the upload stands. */
	decorate(reply: Reply, error: unknown): Reply {
		if (!(error instanceof OciError) || error.code !== "RANGE_INVALID") return reply;
		const match = /^\/v2\/(.+)\/blobs\/uploads\/([^/]+)$/.exec(this.rawPath);
		const offset = offsetOf(error.detail);
		const [, repository, id] = match ?? [];
		if (offset === undefined || repository === undefined || id === undefined) return reply;
		return { ...reply, headers: [...reply.headers, ...positionOf(repository, { id, offset })] };
	}
}

const offsetOf = (detail: unknown): number | undefined =>
	typeof detail === "object" && detail !== null && "offset" in detail && typeof detail.offset === "number"
		? detail.offset
		: undefined;

const expectsContinue = (request: IncomingMessage): boolean => request.headers.expect?.toLowerCase() === "100-continue";
