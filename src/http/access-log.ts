import type { JsonLines } from "#/lib/json-lines.ts";
import { OciError } from "#/oci/error.ts";
import type { RequestObserver, RequestRecord } from "./request-observer.ts";

/** Which requests a log tells of. */
type LoggedRequests = "all" | "failures";

/**
 * Writes one JSON line a request, in the shape of every other log line; or only one for each that the registry failed,
 * as nothing else tells why. No header, token or query is in it, so that no secret can be.
 */
export const accessLog = (lines: JsonLines, now: () => number, which: LoggedRequests = "all"): RequestObserver => {
	const timestamp = timestamps(now);
	return {
		observe: (record) => {
			if (which === "all" || isFailure(record)) lines.line(formatRecord(record, timestamp()));
		},
	};
};

const isFailure = ({ status }: RequestRecord): boolean => status >= 500;

/** Many requests end within one millisecond, and writing a date costs as much as the rest of the line. */
const timestamps = (now: () => number): (() => string) => {
	let last = Number.NaN;
	let text = "";
	return () => {
		const at = now();
		if (at !== last) text = new Date(at).toISOString();
		last = at;
		return text;
	};
};

const formatRecord = (record: RequestRecord, timestamp: string): string => {
	const { request, error } = record;
	const failed = isFailure(record);
	return JSON.stringify({
		timestamp,
		level: failed ? "error" : "info",
		message: "request",
		request: record.id,
		method: request.method,
		route: record.route,
		repository: record.repository,
		status: record.status,
		ms: Math.round(record.seconds * 1e6) / 1e3,
		actor: record.actor,
		address: record.address,
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
