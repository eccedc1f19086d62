import type { IncomingMessage, ServerResponse } from "node:http";
import type { Request, Response } from "express";
import type { Identity } from "#/auth/identity.ts";
import { ANONYMOUS, actorOf, principalOf } from "#/auth/subject.ts";
import type { ClientOf } from "#/http/client-of.ts";
import { type Reply, send } from "#/http/reply.ts";
import type { RequestObserver } from "#/http/request-observer.ts";

/** What is needed to answer any request of the token service. */
export interface ExchangeDeps {
	readonly clientOf: ClientOf;
	readonly observer: RequestObserver;
	/** An id for the request: the client's own where it is well formed, else a new one. */
	readonly requestId: (request: IncomingMessage) => string;
}

/** What a handler gets. */
export interface TokenExchange {
	readonly request: Request;
	readonly response: Response;
	/** Aborted when the client goes away. */
	readonly signal: AbortSignal;
	/** The client's address; absent where it is not known. */
	readonly address: string | undefined;
	/** Says who it was, once that is known; absent: nobody in particular. */
	identified(identity: Identity | undefined): void;
}

/** How one endpoint answers, and how it tells of failures. */
export interface TokenEndpoint {
	/** For metrics and logs. */
	readonly route: string;
	readonly handle: (exchange: TokenExchange) => Promise<Reply>;
	readonly fail: (error: unknown, requestId: string) => Reply;
}

/** Makes an express handler of an endpoint: it never throws, always ends the response, and has it observed. */
export const serve =
	(deps: ExchangeDeps, { route, handle, fail }: TokenEndpoint) =>
	async (request: Request, response: Response): Promise<void> => {
		const started = performance.now();
		const id = deps.requestId(request);
		const { address } = deps.clientOf(request);
		let actor: string | undefined;
		let failure: unknown;
		const exchange: TokenExchange = {
			request,
			response,
			signal: signalOf(response),
			address,
			identified: (identity) => {
				actor = actorOf(principalOf(identity?.subject ?? ANONYMOUS));
			},
		};
		try {
			await answer(exchange, await handle(exchange), id);
		} catch (error) {
			failure = error;
			if (response.headersSent) response.destroy();
			else answerFailure(exchange, fail(error, id), id);
		}
		const seconds = (performance.now() - started) / 1000;
		const { statusCode: status } = response;
		deps.observer.observe({
			id,
			request,
			address,
			status,
			route,
			seconds,
			repository: undefined,
			actor,
			error: failure,
		});
	};

const answerFailure = (exchange: TokenExchange, reply: Reply, id: string): void => {
	try {
		void answer(exchange, reply, id);
	} catch {
		exchange.response.destroy();
	}
};

const answer = ({ request, response }: TokenExchange, reply: Reply, id: string): Promise<void> | undefined => {
	// What was not read of the body would otherwise be taken for the next request.
	const close = request.complete ? [] : ["Connection", "close"];
	const headers = [...reply.headers, "X-Content-Type-Options", "nosniff", "X-Request-Id", id, ...close];
	return send(response, { ...reply, headers }, request.method === "HEAD");
};

const signalOf = (response: ServerResponse): AbortSignal => {
	const controller = new AbortController();
	response.once("close", () => {
		if (!response.writableFinished) controller.abort();
	});
	return controller.signal;
};
