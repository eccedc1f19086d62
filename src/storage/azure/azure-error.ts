import { RestError } from "@azure/storage-blob";
import { StoreError, type StoreErrorCode } from "#/storage/store-error.ts";

/** Codes that mean something else than their status says. */
const CODES: Readonly<Record<string, StoreErrorCode>> = {
	BlobNotFound: "NOT_FOUND",
	// A block that is named is not there.
	InvalidBlockList: "NOT_FOUND",
	// A missing container is not a missing blob: nothing may be taken for absent because of it.
	ContainerNotFound: "UNAVAILABLE",
	ResourceNotFound: "UNAVAILABLE",
	Md5Mismatch: "CORRUPT",
	InvalidRange: "CORRUPT",
	BlockCountExceedsLimit: "FULL",
	InvalidAuthenticationInfo: "DENIED",
	AccountIsDisabled: "DENIED",
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
	if (error instanceof StoreError || !(error instanceof Error) || isOurFault(error)) return error;
	const service = codeOf(error);
	const status = statusOf(error);
	const code = isMismatch(error, status) ? "CORRUPT" : (CODES[service ?? ""] ?? STATUSES[status ?? 0] ?? "UNAVAILABLE");
	// The SDK's own message goes on for many lines, with all headers.
	const why = service ?? error.message.split("\n")[0];
	return new StoreError(code, `${doing}: ${why}${status === undefined ? "" : ` (status ${status})`}`, { cause: error });
};

/** The status of the answer that `error` came of; absent when there was none. */
export const statusOf = (error: unknown): number | undefined =>
	error instanceof RestError ? error.statusCode : undefined;

/** Whether `error` is a StoreError of this code. */
export const isStoreError = (error: unknown, code: StoreErrorCode): boolean =>
	error instanceof StoreError && error.code === code;

/** Whether the request was refused because there is a blob already. */
export const isTaken = (error: unknown): boolean => {
	const cause = error instanceof StoreError ? error.cause : error;
	const code = codeOf(cause);
	return code === "BlobAlreadyExists" || code === "ConditionNotMet";
};

/** Azure has a code for bytes that are not what their hash says; the emulator says so in words. */
const isMismatch = (error: Error, status: number | undefined): boolean =>
	status === 400 && /MD5.* (did not|doesn't) match/i.test(error.message);

/** The service's word for what went wrong: in the body, or in a header where there is no body. */
const codeOf = (error: unknown): string | undefined => {
	if (!(error instanceof RestError)) return undefined;
	const { details } = error;
	if (typeof details === "object" && details !== null && "errorCode" in details) {
		if (typeof details.errorCode === "string") return details.errorCode;
	}
	return error.statusCode === undefined ? undefined : error.code;
};

/** A network failure has a code; what is left of these kinds without one comes from a wrong program. */
const isOurFault = (error: Error): boolean =>
	(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError) && !("code" in error);
