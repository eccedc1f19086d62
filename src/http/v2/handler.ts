/** The network face of the registry core: one entry for every request below `/v2`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Authenticator } from "#/auth/access.ts";
import type { ClientOf } from "#/http/client-of.ts";
import { type Reply, send, sendAndLinger } from "#/http/reply.ts";
import type { RequestObserver } from "#/http/request-observer.ts";
import { OciError, type OciErrorCode } from "#/oci/error.ts";
import { parsePath, type V2Path } from "#/oci/path.ts";
import type { Registry } from "#/registry/registry.ts";
import { authorize } from "./authorize.ts";
import { ChallengeError, type ChallengeRequest } from "./challenge-error.ts";
import { toReply } from "./errors.ts";
import { V2Request } from "./request.ts";
import { allowedMethods, findRoute } from "./routes.ts";

/** What the handler works with. */
export interface V2Deps {
	readonly registry: Registry;
	readonly authenticator: Authenticator;
	readonly clientOf: ClientOf;
	/** The WWW-Authenticate values for a refusal, given the origin under which the client sees us. */
	readonly challenge: (request: IncomingMessage, challenge: ChallengeRequest) => readonly string[];
	readonly observer: RequestObserver;
	/** An id for the request: the client's own where it is well formed, else a new one. */
	readonly requestId: (request: IncomingMessage) => string;
	/** True once the server is stopping: connections then close after their answer. */
	readonly isStopping: () => boolean;
}

/** A handler of requests whose path is `/v2` or below it. It never throws and always ends the response. */
export const createV2Handler =
	(deps: V2Deps) =>
	async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		const started = performance.now();
		const context = new V2Request(deps.registry, request, response, deps.requestId(request));
		const path = parsePath(context.rawPath);
		const { address } = deps.clientOf(request);
		let failure: unknown;
		let status: number;
		try {
			const reply = await answer(deps, context, path, address);
			const streaming = respond(deps, context, reply);
			if (streaming !== undefined) await streaming;
			status = response.statusCode;
		} catch (error) {
			failure = error;
			status = await fail(deps, context, error);
		}
		deps.observer.observe({
			id: context.id,
			request,
			address,
			status,
			route: path.kind,
			seconds: (performance.now() - started) / 1000,
			repository: "repository" in path ? path.repository : undefined,
			actor: context.actor,
			error: failure,
		});
	};

const answer = async (deps: V2Deps, context: V2Request, path: V2Path, address: string | undefined): Promise<Reply> => {
	if (path.kind === "unknown")
		throw new OciError("UNSUPPORTED", { status: 404, message: "no such endpoint below /v2" });
	const method = context.request.method ?? "";
	if (path.kind === "invalid") throw new OciError(readable(path.code, method), { detail: path.detail });
	const route = findRoute(path, method);
	if (route === undefined) {
		const allow = allowedMethods(path).join(", ");
		const error = new OciError("UNSUPPORTED", { detail: `${method.slice(0, 20)}: this endpoint has ${allow}` });
		const reply = toReply(error, context.id);
		return { ...reply, headers: [...reply.headers, "Allow", allow] };
	}
	context.authorized(
		await authorize({ authenticator: deps.authenticator, address }, context.request, path, route, context.signal),
	);
	return route.handle(context, path);
};

/** To a reader, a malformed tag is just a manifest that is not there, as it always was. */
const readable = (code: OciErrorCode, method: string): OciErrorCode =>
	code === "TAG_INVALID" && (method === "GET" || method === "HEAD") ? "MANIFEST_UNKNOWN" : code;

/** What is logged of a request whose client went away before it was answered. */
const CLIENT_GONE = 499;

/** Tells the client of a failure where that is still possible; returns the status to log. */
const fail = async (deps: V2Deps, context: V2Request, error: unknown): Promise<number> => {
	const { response, request } = context;
	if (response.headersSent || request.socket.destroyed) {
		response.destroy();
		return response.headersSent ? response.statusCode : CLIENT_GONE;
	}
	const reply = context.decorate(toReply(error, context.id), error);
	const headers =
		error instanceof ChallengeError
			? deps.challenge(request, error.challenge).flatMap((value) => ["WWW-Authenticate", value])
			: [];
	try {
		await respond(deps, context, { ...reply, headers: [...reply.headers, ...headers] });
	} catch {
		response.destroy();
	}
	return response.statusCode;
};

const respond = (deps: V2Deps, context: V2Request, reply: Reply): Promise<void> | undefined => {
	const { request, response, unread } = context;
	const headers = [
		...reply.headers,
		"Docker-Distribution-Api-Version",
		"registry/2.0",
		"X-Content-Type-Options",
		"nosniff",
		"X-Request-Id",
		context.id,
	];
	if (deps.isStopping() || unread !== "none") headers.push("Connection", "close");
	const whole = { ...reply, headers };
	const head = request.method === "HEAD";
	if (unread === "coming") context.abandonBody();
	if (unread !== "coming" || reply.stream !== undefined) return send(response, whole, head);
	sendAndLinger(response, whole, head);
	return undefined;
};
