import express, { type RequestHandler, type Router } from "express";
import { formatErrors, OciError } from "#/oci/error.ts";

/** What the operational endpoints report. */
export interface OperationsDeps {
	/** Resolves when the registry can serve, or to what it waits for, in words for anybody; throws when it fails. */
	readonly ready: (signal: AbortSignal) => Promise<string | undefined>;
	/** What does not keep it from serving, and from serving everything, in words for anybody. @defaultValue nothing */
	readonly remarks?: () => readonly string[];
	/** The metrics in the text format, and its content type. */
	readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
	readonly isStopping: () => boolean;
	/** Told why it cannot serve; a client is not, since the reason may name hosts. */
	readonly report: (error: unknown) => void;
}

/** How long a readiness probe may take, milliseconds. */
const READY_MS = 2_000;

/** `/livez` (the process turns) and `/readyz` (it can serve). */
export const healthRouter = ({
	ready,
	remarks = () => [],
	isStopping,
	report,
}: Omit<OperationsDeps, "metrics">): Router => {
	const router = express.Router();
	router.get("/livez", (_request, response) => {
		response.type("text/plain").send("ok\n");
	});
	router.get("/readyz", async (_request, response) => {
		if (isStopping()) {
			response.status(503).type("text/plain").send("stopping\n");
			return;
		}
		try {
			const waitsFor = await ready(AbortSignal.timeout(READY_MS));
			const answer = waitsFor === undefined ? ["ok", ...remarks()] : [`not ready: ${waitsFor}`];
			response
				.status(waitsFor === undefined ? 200 : 503)
				.type("text/plain")
				.send(`${answer.join("\n")}\n`);
		} catch (error) {
			response
				.status(503)
				.type("text/plain")
				.send("not ready: the metadata database does not answer, the log says more\n");
			report(error);
		}
	});
	router.all(["/livez", "/readyz"], refuseMethod);
	return router;
};

/** `/metrics`. */
export const metricsRouter = ({ metrics }: Pick<OperationsDeps, "metrics">): Router => {
	const router = express.Router();
	router.get("/metrics", async (_request, response) => {
		const { contentType, text } = await metrics();
		response.set("Content-Type", contentType).send(text);
	});
	router.all("/metrics", refuseMethod);
	return router;
};

/** What is only to be read says so (RFC 9110 §15.5.6). */
const refuseMethod: RequestHandler = (_request, response) => {
	const error = new OciError("UNSUPPORTED");
	response.status(error.status).set("Allow", "GET, HEAD").json(formatErrors(error));
};
