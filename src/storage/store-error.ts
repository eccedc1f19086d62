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
	/** The name of the store, where whoever uses several has said it. */
	readonly store: string | undefined;

	constructor(code: StoreErrorCode, message: string, options?: { readonly cause?: unknown; readonly store?: string }) {
		super(code, message, options);
		this.store = options?.store;
	}
}
