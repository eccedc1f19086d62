import type { IncomingMessage, ServerResponse } from "node:http";
import type { Access } from "#/auth/access.ts";
import type { Reply } from "#/http/reply.ts";
import { OciError } from "#/oci/error.ts";
import type { Registry } from "#/registry/registry.ts";
import type { V2Context } from "./context.ts";
import { RequestBody } from "./request-body.ts";
import { positionOf } from "./uploads.ts";

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
	#body: RequestBody | undefined;
	#isContinueDue: boolean;

	constructor(registry: Registry, request: IncomingMessage, response: ServerResponse, id: string) {
		this.registry = registry;
		this.request = request;
		this.response = response;
		this.id = id;
		const url = request.url ?? "/";
		const mark = url.indexOf("?");
		this.rawPath = mark < 0 ? url : url.slice(0, mark);
		this.#rawQuery = mark < 0 ? "" : url.slice(mark + 1);
		this.#isContinueDue = expectsContinue(request);
	}

	/** @throws OciError when there is a NUL in it: no name has one, and databases differ on what it means */
	get query(): URLSearchParams {
		if (this.#rawQuery.includes("%00")) {
			throw new OciError("UNSUPPORTED", { status: 400, message: "the query has a NUL" });
		}
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
		this.#body ??= new RequestBody(this.request, () => {
			if (this.#isContinueDue) this.response.writeContinue();
			this.#isContinueDue = false;
		});
		return this.#body;
	}

	/**
	 * What the client still sends or may send, when the answer does not wait for it: `coming` without being asked,
	 * `withheld` until it is told to continue. Such a connection cannot be used again.
	 */
	get unread(): "none" | "coming" | "withheld" {
		if (this.request.complete) return "none";
		return this.#isContinueDue ? "withheld" : "coming";
	}

	/** What is left of the body is dropped as it comes. */
	abandonBody(): void {
		this.#body?.stop();
		this.request.resume();
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

/** As Node reads it: a request of HTTP/1.0 cannot expect anything (RFC 9110 §10.1.1). */
const expectsContinue = ({ headers, httpVersionMinor }: IncomingMessage): boolean =>
	headers.expect !== undefined && httpVersionMinor > 0 && /(?:^|\W)100-continue(?:$|\W)/i.test(headers.expect);
