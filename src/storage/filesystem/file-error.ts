import { StoreError, type StoreErrorCode } from "#/storage/store-error.ts";

const CODES: Readonly<Record<string, StoreErrorCode>> = {
	ENOENT: "NOT_FOUND",
	ENOTDIR: "NOT_FOUND",
	ENOSPC: "FULL",
	EDQUOT: "FULL",
	EFBIG: "FULL",
	EACCES: "DENIED",
	EPERM: "DENIED",
};

/** The operating system's code of a failed call, such as `ENOENT`; absent when it is another kind of failure. */
export const errnoOf = (error: unknown): string | undefined =>
	error instanceof Error && "code" in error && typeof error.code === "string" && /^E[A-Z0-9]+$/.test(error.code)
		? error.code
		: undefined;

/**
 * What to throw for a failed call: a StoreError for a failure of the operating system (`EIO` and all that is not told
 * apart here are UNAVAILABLE), anything else as it is.
 *
 * @param doing what was tried, for people
 */
export const toStoreError = (error: unknown, doing: string): unknown => {
	const errno = errnoOf(error);
	if (errno === undefined || !(error instanceof Error)) return error;
	return new StoreError(CODES[errno] ?? "UNAVAILABLE", `${doing}: ${error.message}`, { cause: error });
};

/** Runs `action` and turns its failures by {@link toStoreError}. */
export const withStoreErrors = async <T>(doing: string, action: () => Promise<T>): Promise<T> => {
	try {
		return await action();
	} catch (error) {
		throw toStoreError(error, doing);
	}
};

/** Runs `action`; `undefined` when it failed with one of `errnos`. */
export const unless = async <T>(errnos: readonly string[], action: () => Promise<T>): Promise<T | undefined> => {
	try {
		return await action();
	} catch (error) {
		const errno = errnoOf(error);
		if (errno !== undefined && errnos.includes(errno)) return undefined;
		throw error;
	}
};
