import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why the API server did not do it: GONE (the resource version is too old: list again), CONFLICT (another changed it
 * meanwhile, or owns the field), EXISTS, FORBIDDEN, INVALID (it refuses the object), NOT_FOUND (of what a write needs;
 * reads give undefined), UNAVAILABLE (it does not answer, or says to come later).
 */
export type KubeErrorCode =
	| "GONE"
	| "CONFLICT"
	| "EXISTS"
	| "FORBIDDEN"
	| "INVALID"
	| "NOT_FOUND"
	| "UNAVAILABLE"
	| "UNKNOWN";

/** What a {@link KubeError} says beyond its code. */
export interface KubeErrorOpts {
	readonly cause?: unknown;
	/** HTTP status; absent when there was no answer. */
	readonly status?: number | undefined;
	/** The server's own word, such as `AlreadyExists`. */
	readonly reason?: string | undefined;
	/** The name of the object that the server speaks of; absent: of none, such as when it does not know the type. */
	readonly about?: string | undefined;
	/** How long the server asks to wait, milliseconds. */
	readonly retryAfterMs?: number | undefined;
}

/** A request to the API server that failed. */
export class KubeError extends CodedError<KubeErrorCode> {
	override readonly name = "KubeError";
	readonly status: number | undefined;
	readonly reason: string | undefined;
	readonly about: string | undefined;
	readonly retryAfterMs: number | undefined;

	constructor(code: KubeErrorCode, message: string, opts: KubeErrorOpts = {}) {
		super(code, message, "cause" in opts ? { cause: opts.cause } : undefined);
		this.status = opts.status;
		this.reason = opts.reason;
		this.about = opts.about;
		this.retryAfterMs = opts.retryAfterMs;
	}
}
