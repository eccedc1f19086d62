import { hash, timingSafeEqual } from "node:crypto";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { checkInput } from "#/control/check-input.ts";
import { CONTRACT, type Operation } from "#/control/contract.ts";
import { type Control, MAX_CHANGE_BYTES } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";

/** What the endpoints of Control need. */
export interface ControlAppDeps {
	readonly control: Control;
	/** The token that callers must present. */
	readonly token: string;
	/** Told of failures, with all that the caller is not told. */
	readonly report: (error: unknown) => void;
}

/**
 * The endpoints of {@link Control}: one per operation of the contract, each behind the token.
 *
 * @throws ControlError INVALID when the token is empty, which would let everybody in
 */
export const controlApp = ({ control, token, report }: ControlAppDeps): Express => {
	if (token === "") throw new ControlError("INVALID", "the control token is empty");
	const app = express();
	app.disable("x-powered-by");
	app.disable("etag");
	app.use(requireToken(token));
	// Not inflated: the bound is on what arrives.
	app.use(express.json({ limit: MAX_CHANGE_BYTES, inflate: false }));
	serve(app, CONTRACT.begin, (input, signal) => control.begin(input, signal));
	serve(app, CONTRACT.apply, (input, signal) => control.apply(input, signal));
	serve(app, CONTRACT.resync, (input, signal) => control.resync(input, signal));
	serve(app, CONTRACT.observe, (input, signal) => control.observe(input, signal));
	serve(app, CONTRACT.usage, (input, signal) => control.usage(input, signal));
	serve(app, CONTRACT.totals, (input, signal) => control.totals(input, signal));
	serve(app, CONTRACT.archive, (input, signal) => control.archive(input, signal));
	serve(app, CONTRACT.history, (input, signal) => control.history(input, signal));
	serve(app, CONTRACT.restore, (input, signal) => control.restore(input, signal));
	serve(app, CONTRACT.explain, (input, signal) => control.explain(input, signal));
	serve(app, CONTRACT.run, (input, signal) => control.run(input, signal));
	app.use((_request, response) => fail(response, 404, "no such operation"));
	app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
		if (response.closed) return;
		const { status, message } = outwardForm(error);
		if (status === 503) report(error);
		fail(response, status, message);
	});
	return app;
};

/** The token is compared by its hash, so that neither its bytes nor its length show in how long it takes. */
const requireToken = (token: string) => {
	const digest = (text: string): Uint8Array => hash("sha256", text, "buffer");
	const expected = digest(`Bearer ${token}`);
	return (request: Request, response: Response, next: NextFunction): void => {
		if (timingSafeEqual(digest(request.headers.authorization ?? ""), expected)) {
			next();
			return;
		}
		// The body is not read from strangers, so the connection cannot go on.
		response.set({ "WWW-Authenticate": "Bearer", Connection: "close" });
		fail(response, 401, "the control token is missing or wrong");
	};
};

const serve = <In, Out>(
	app: Express,
	operation: Operation<In, Out>,
	answer: (input: In, signal: AbortSignal) => Promise<Out>,
): void => {
	app.post(operation.path, async (request, response) => {
		const gone = new AbortController();
		response.once("close", () => gone.abort());
		response.json(await answer(checkInput(operation, request.body), gone.signal));
	});
	app.all(operation.path, (_request, response) => {
		response.set("Allow", "POST");
		fail(response, 405, "expected POST");
	});
};

const fail = (response: Response, status: number, error: string): void => {
	response.status(status).json({ error });
};

/** What of a failure is told to the caller. The text of an unknown one is for the log alone. */
const outwardForm = (error: unknown): { readonly status: number; readonly message: string } => {
	if (error instanceof ControlError) {
		return { status: error.code === "INVALID" ? 400 : 503, message: error.message };
	}
	switch (statusOf(error)) {
		case 413:
			return { status: 413, message: `at most ${MAX_CHANGE_BYTES} bytes of JSON fit one call` };
		case undefined:
			return { status: 503, message: "the data plane failed" };
		default:
			return { status: 400, message: "the body is not JSON in UTF-8" };
	}
};

/** The status that the body's parser found fit; undefined for failures that are not of the request. */
const statusOf = (error: unknown): number | undefined => {
	if (typeof error !== "object" || error === null || !("status" in error)) return undefined;
	const { status } = error;
	return typeof status === "number" && status >= 400 && status < 500 ? status : undefined;
};
