import { KubeError, type KubeErrorCode } from "#/kube/kube-error.ts";

/** The parts of a `Status` object (meta/v1) that say what went wrong. */
interface Failure {
	readonly status: number;
	readonly reason: string | undefined;
	readonly message: string;
	readonly about: string | undefined;
	readonly retryAfterMs: number | undefined;
}

const codesByReason: Readonly<Record<string, KubeErrorCode>> = {
	AlreadyExists: "EXISTS",
	Conflict: "CONFLICT",
	Expired: "GONE",
	Forbidden: "FORBIDDEN",
	Gone: "GONE",
	Invalid: "INVALID",
	NotFound: "NOT_FOUND",
	ServerTimeout: "UNAVAILABLE",
	ServiceUnavailable: "UNAVAILABLE",
	Timeout: "UNAVAILABLE",
	TooManyRequests: "UNAVAILABLE",
};

const codesByStatus: Readonly<Record<number, KubeErrorCode>> = {
	400: "INVALID",
	401: "FORBIDDEN",
	403: "FORBIDDEN",
	404: "NOT_FOUND",
	409: "CONFLICT",
	410: "GONE",
	413: "INVALID",
	415: "INVALID",
	422: "INVALID",
	429: "UNAVAILABLE",
	502: "UNAVAILABLE",
	503: "UNAVAILABLE",
	504: "UNAVAILABLE",
};

/** Longest part of an answer that is no Status and comes into a message nevertheless, characters. */
const EXCERPT_LENGTH = 200;

/**
 * The error that a failed answer means.
 *
 * @param what was asked, for the message
 * @param text the body, a Status or anything else
 * @param retryAfter the header of that name
 */
export const readFailure = (what: string, httpStatus: number, text: string, retryAfter?: string): KubeError => {
	const status = parseStatus(text);
	const failure = status === undefined ? undefined : failureOf(status);
	const message = failure?.message ?? text.trim().slice(0, EXCERPT_LENGTH);
	return errorOf(what, {
		status: httpStatus,
		reason: failure?.reason,
		about: failure?.about,
		message: message === "" ? `the answer was ${httpStatus}` : message,
		retryAfterMs: secondsToMs(retryAfter) ?? failure?.retryAfterMs,
	});
};

/** The error that a Status object means, such as one that a watch ends with. */
export const readStatus = (what: string, status: unknown): KubeError =>
	errorOf(what, failureOf(toRecord(status) ?? {}));

const errorOf = (what: string, { status, reason, message, about, retryAfterMs }: Failure): KubeError => {
	const code = (reason === undefined ? undefined : codesByReason[reason]) ?? codesByStatus[status] ?? "UNKNOWN";
	return new KubeError(code, `${what}: ${message}`, { status, reason, about, retryAfterMs });
};

const failureOf = (status: Record<string, unknown>): Failure => {
	const { code, reason, message, details } = status;
	const { name, retryAfterSeconds: seconds } = toRecord(details) ?? {};
	return {
		status: typeof code === "number" ? code : 500,
		reason: typeof reason === "string" && reason !== "" ? reason : undefined,
		about: typeof name === "string" && name !== "" ? name : undefined,
		message: typeof message === "string" && message !== "" ? message : "no reason was given",
		retryAfterMs: typeof seconds === "number" ? seconds * 1000 : undefined,
	};
};

const parseStatus = (text: string): Record<string, unknown> | undefined => {
	try {
		const status = toRecord(JSON.parse(text));
		return status?.kind === "Status" ? status : undefined;
	} catch {
		return undefined;
	}
};

const toRecord = (value: unknown): Record<string, unknown> | undefined =>
	typeof value === "object" && value !== null ? { ...value } : undefined;

/** API servers write seconds there, never dates. */
const secondsToMs = (text: string | undefined): number | undefined =>
	text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) * 1000 : undefined;
