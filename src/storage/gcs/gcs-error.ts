import { StoreError, type StoreErrorCode } from "#/storage/store-error.ts";

/** An answer of the service that is none to what was asked. */
export class GcsFailure extends Error {
	override readonly name = "GcsFailure";
	readonly status: number;
	/** The service's word for it, such as `rateLimitExceeded`; empty when it gave none. */
	readonly reason: string;

	constructor(status: number, reason: string, message: string) {
		super(message);
		this.status = status;
		this.reason = reason;
	}
}

/** We cannot get credentials, or not ones that count. */
export class CredentialsError extends Error {
	override readonly name = "CredentialsError";
}

/** Reasons that mean something else than their status says. */
const REASONS: Readonly<Record<string, StoreErrorCode>> = {
	rateLimitExceeded: "UNAVAILABLE",
	userRateLimitExceeded: "UNAVAILABLE",
	backendError: "UNAVAILABLE",
	quotaExceeded: "FULL",
};

const STATUSES: Readonly<Record<number, StoreErrorCode>> = {
	401: "DENIED",
	403: "DENIED",
	404: "NOT_FOUND",
	416: "CORRUPT",
	507: "FULL",
};

/** Statuses after which the same request may succeed. */
const PASSING: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/**
 * What to throw for a failed request: a StoreError by the service's reason, else by the status, else UNAVAILABLE (the
 * network, a time-out). A fault of ours stays what it is.
 *
 * @param doing what was tried, for people
 */
export const toStoreError = (error: unknown, doing: string): unknown => {
	if (error instanceof StoreError || !(error instanceof Error) || isOurFault(error)) return error;
	return new StoreError(codeOf(error), `${doing}: ${describe(error)}`, { cause: error });
};

/** Whether the same request may succeed when it is sent again: not answered, or by a service that is busy. */
export const isPassing = (error: unknown): boolean => {
	if (error instanceof GcsFailure) return PASSING.has(error.status) || /rateLimitExceeded$/i.test(error.reason);
	return error instanceof Error && !(error instanceof CredentialsError) && !isOurFault(error);
};

/** Whether `error` is a StoreError of this code. */
export const isStoreError = (error: unknown, code: StoreErrorCode): boolean =>
	error instanceof StoreError && error.code === code;

/** Whether a condition of the request did not hold: there is an object already. */
export const isTaken = (error: unknown): boolean => statusOf(error) === 412;

/** The status of the answer that a StoreError came of; absent when there was none. */
export const statusOf = (error: unknown): number | undefined =>
	error instanceof StoreError && error.cause instanceof GcsFailure ? error.cause.status : undefined;

const codeOf = (error: Error): StoreErrorCode => {
	if (error instanceof CredentialsError) return "DENIED";
	if (!(error instanceof GcsFailure)) return "UNAVAILABLE";
	// The bytes are not what their hash says.
	if (error.status === 400 && /doesn't match calculated/i.test(error.message)) return "CORRUPT";
	// A missing bucket is not a missing object: nothing may be taken for absent because of it.
	if (error.status === 404 && /bucket does not exist/i.test(error.message)) return "UNAVAILABLE";
	return REASONS[error.reason] ?? STATUSES[error.status] ?? "UNAVAILABLE";
};

const describe = (error: Error): string => {
	if (!(error instanceof GcsFailure)) return error.message;
	const reason = error.reason === "" ? "" : `${error.reason}, `;
	return `${reason}${error.message} (status ${error.status})`;
};

/** A network failure has a code; what is left of these kinds without one comes from a wrong program. */
const isOurFault = (error: Error): boolean =>
	(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) && !("code" in error);
