import type { IncomingMessage, ServerResponse } from "node:http";
import express, { type ErrorRequestHandler, type Response, type Router } from "express";
import { formatErrors, OciError } from "#/oci/error.ts";
import { healthRouter, metricsRouter, type OperationsDeps } from "./operations.ts";
import { type TokenRouterDeps, tokenRouter } from "./token/router.ts";

/** Answers requests that it takes from a server. */
export type WebApp = (request: IncomingMessage, response: ServerResponse) => void;

/** What the web application is made of. */
export interface WebAppDeps {
	readonly operations: OperationsDeps;
	/** Whether metrics are for clients too, and not only where operators look. */
	readonly showMetrics: boolean;
	readonly token: TokenRouterDeps;
}

/** Answers everything that is not below `/v2`: the token service, health and metrics. */
export const createWebApp = ({ operations, showMetrics, token }: WebAppDeps): WebApp =>
	appOf([healthRouter(operations), ...(showMetrics ? [metricsRouter(operations)] : []), tokenRouter(token)]);

/** Answers where only operators look: health and metrics. */
export const createOperationsApp = (operations: OperationsDeps): WebApp =>
	appOf([healthRouter(operations), metricsRouter(operations)]);

const appOf = (routers: readonly Router[]): WebApp => {
	const app = express();
	app.disable("x-powered-by");
	for (const router of routers) app.use(router);
	app.use((_request, response) => {
		refuse(response, new OciError("UNSUPPORTED", { status: 404, message: "there is nothing at this address" }));
	});
	app.use(failed);
	return app;
};

/** Express's own answer would show where in the program it failed. */
const failed: ErrorRequestHandler = (cause: unknown, _request, response, next) => {
	if (response.headersSent) {
		next(cause);
		return;
	}
	const isClients = cause instanceof URIError;
	refuse(
		response,
		isClients ? new OciError("UNSUPPORTED", { status: 400, cause }) : new OciError("UNKNOWN", { cause }),
	);
};

const refuse = (response: Response, error: OciError): void => {
	response.status(error.status).set("X-Content-Type-Options", "nosniff").json(formatErrors(error));
};
