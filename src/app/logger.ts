import { writeSync } from "node:fs";
import winston from "winston";
import type { Report } from "#/registry/report.ts";

/** Makes the process's logger: JSON lines with `timestamp`, `level` and `message` on standard output. */
export const createLogger = (level: string): winston.Logger =>
	winston.createLogger({
		level,
		format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
		transports: [new winston.transports.Console({ stderrLevels: [] })],
	});

/** A {@link Report} that becomes log lines. */
export const reportTo =
	(logger: winston.Logger): Report =>
	({ event, level, error, fields }) => {
		logger.log({ level, message: event, ...fields, ...(error === undefined ? {} : { error: describe(error) }) });
	};

/** The text of a failure with the failures underneath it. */
export const describe = (error: unknown): string => {
	if (!(error instanceof Error)) return String(error);
	const own = error.stack ?? error.message;
	return error.cause === undefined ? own : `${own}\ncaused by: ${describe(error.cause)}`;
};

/** Writes to standard output at once, also where it is a pipe that is full. */
export const writeStdout = (text: string): void => {
	let rest = Buffer.from(text);
	while (rest.length > 0) {
		try {
			rest = rest.subarray(writeSync(1, rest));
		} catch (error) {
			if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
		}
	}
};
