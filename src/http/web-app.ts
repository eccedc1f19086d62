import type { IncomingMessage, ServerResponse } from "node:http";
import express, { type ErrorRequestHandler, type Response } from "express";
import { formatErrors, OciError } from "#/oci/error.ts";
import { type OperationsDeps, operationsRouter } from "./operations.ts";
import { type TokenRouterDeps, tokenRouter } from "./token/router.ts";

/** What the web application is made of. */
export interface WebAppDeps {
	readonly operations: OperationsDeps;
	readonly token: TokenRouterDeps;
}

/** Answers everything that is not below `/v2`: the token service, health and metrics. */
export const createWebApp = ({
	operations,
	token,
}: WebAppDeps): ((request: IncomingMessage, response: ServerResponse) => void) => {
	const app = express();
	app.disable("x-powered-by");
	app.use(operationsRouter(operations));
	app.use(tokenRouter(token));
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
