import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why a store could not do what it was asked.
 * NOT_FOUND: no such object. FULL: no room. UNAVAILABLE: try again later. CORRUPT: the bytes are not what was written.
 * DENIED: the store refuses our credentials.
 */
export type StoreErrorCode = "NOT_FOUND" | "FULL" | "UNAVAILABLE" | "CORRUPT" | "DENIED";

/** A store's failure. Never leaves `registry/`, where it becomes an answer of the registry. */
export class StoreError extends CodedError<StoreErrorCode> {
	override readonly name = "StoreError";
}
