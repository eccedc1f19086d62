import type winston from "winston";
import { describe } from "#/app/logger.ts";
import type { ReconcileLine } from "#/kube/controller/controller.ts";

/** Writes the one line of a reconcile. What it is told of holds no secrets: specs and Secrets stay out of errors. */
export const logReconcile = (logger: winston.Logger, line: ReconcileLine): void => {
	const { level, durationMs, error, ...fields } = line;
	logger.log({
		level,
		message: "reconcile",
		...fields,
		durationMs: Math.round(durationMs * 10) / 10,
		...(error === undefined ? {} : { error: describeFor(level, error) }),
	});
};

/** Where the program is at fault, it matters where; else what is the matter. */
const describeFor = (level: ReconcileLine["level"], error: unknown): string =>
	level === "error" || !(error instanceof Error) ? describe(error) : error.message;
