import { StoreError, type StoreErrorCode } from "#/storage/store-error.ts";

/** Codes that mean something else than their status says, or that come with an odd one. */
const CODES: Readonly<Record<string, StoreErrorCode>> = {
	NoSuchKey: "NOT_FOUND",
	NotFound: "NOT_FOUND",
	NoSuchUpload: "NOT_FOUND",
	InvalidPart: "NOT_FOUND",
	// A missing bucket is not a missing object: nothing may be taken for absent because of it.
	NoSuchBucket: "UNAVAILABLE",
	QuotaExceeded: "FULL",
	XAmzQuotaExceeded: "FULL",
	XMinioAdminBucketQuotaExceeded: "FULL",
	XMinioStorageFull: "FULL",
	InsufficientCapacity: "FULL",
	InsufficientStorage: "FULL",
	StorageLimitExceeded: "FULL",
	ServiceQuotaExceededException: "FULL",
	InvalidToken: "DENIED",
	ExpiredToken: "DENIED",
	TokenRefreshRequired: "DENIED",
	AuthorizationHeaderMalformed: "DENIED",
	CredentialsProviderError: "DENIED",
	BadDigest: "CORRUPT",
	InvalidDigest: "CORRUPT",
	XAmzContentSHA256Mismatch: "CORRUPT",
	XAmzContentChecksumMismatch: "CORRUPT",
	IncompleteBody: "CORRUPT",
	InvalidRange: "CORRUPT",
	// The server gave up waiting for our bytes; also with status 403 or 400.
	RequestTimeout: "UNAVAILABLE",
	SlowDown: "UNAVAILABLE",
};

const STATUSES: Readonly<Record<number, StoreErrorCode>> = {
	401: "DENIED",
	403: "DENIED",
	404: "NOT_FOUND",
	507: "FULL",
};

/**
 * What to throw for a failed request: a StoreError by the service's code, else by the status, else UNAVAILABLE (the
 * network, a time-out, an answer that is none). A fault of ours stays what it is.
 *
 * @param doing what was tried, for people
 */
export const toStoreError = (error: unknown, doing: string): unknown => {
	if (error instanceof StoreError || !(error instanceof Error)) return error;
	const status = statusOf(error);
	if (status === undefined && isOurFault(error)) return error;
	const code = CODES[error.name] ?? STATUSES[status ?? 0] ?? "UNAVAILABLE";
	return new StoreError(code, `${doing}: ${describe(error, status)}`, { cause: error });
};

/** Whether `error` is a StoreError of this code. */
export const isStoreError = (error: unknown, code: StoreErrorCode): boolean =>
	error instanceof StoreError && error.code === code;

/** The status of the answer that `error` came of; absent when there was none. */
export const statusOf = (error: unknown): number | undefined => {
	if (
		!(error instanceof Error) ||
		!("$metadata" in error) ||
		typeof error.$metadata !== "object" ||
		error.$metadata === null
	)
		return undefined;
	const { $metadata } = error;
	const status = "httpStatusCode" in $metadata ? $metadata.httpStatusCode : undefined;
	return typeof status === "number" ? status : undefined;
};

/** A network failure has a code; what is left of these kinds without one comes from a wrong program. */
const isOurFault = (error: Error): boolean =>
	(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) && !("code" in error);

const describe = (error: Error, status: number | undefined): string => {
	const answer = status === undefined ? "" : ` (status ${status})`;
	// The SDK's word for an answer without a message, which many services give.
	const said = error.message === "" || error.message === "UnknownError" ? "" : `, ${error.message}`;
	// What has no name of its own is what its message says.
	if (error.name === "Error" && status === undefined && said !== "") return error.message;
	return `${error.name}${answer}${said}`;
};
