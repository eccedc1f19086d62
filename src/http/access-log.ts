import type { JsonLines } from "#/lib/json-lines.ts";
import { OciError } from "#/oci/error.ts";
import type { RequestObserver, RequestRecord } from "./request-observer.ts";

/**
 * Writes one JSON line a request, in the shape of every other log line. No header, token or query is in it, so that
 * no secret can be.
 */
export const accessLog = (lines: JsonLines, now: () => Date): RequestObserver => ({
	observe: (record) => lines.line(formatRecord(record, now())),
});

const formatRecord = (record: RequestRecord, at: Date): string => {
	const { request, error } = record;
	const failed = record.status >= 500;
	return JSON.stringify({
		timestamp: at.toISOString(),
		level: failed ? "error" : "info",
		message: "request",
		request: record.id,
		method: request.method,
		route: record.route,
		repository: record.repository,
		status: record.status,
		ms: Math.round(record.seconds * 1e6) / 1e3,
		actor: record.actor,
		address: request.socket.remoteAddress,
		agent: request.headers["user-agent"]?.slice(0, 200),
		...(error === undefined ? {} : { error: describe(error, failed) }),
	});
};

const describe = (error: unknown, failed: boolean): string => {
	if (!(error instanceof Error)) return String(error);
	if (error instanceof OciError && !failed) return `${error.code}: ${error.message}`;
	const cause = error.cause instanceof Error ? ` (cause: ${error.cause.stack ?? error.cause.message})` : "";
	return `${error.stack ?? error.message}${cause}`;
};
