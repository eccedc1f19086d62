import { RemoteError } from "./remote-error.ts";

/** A failure after which the same request may well succeed: no answer, a broken one, 429, or 5xx. */
export class TransientError extends RemoteError {
	/** How long the other side asks to wait, milliseconds; absent: it did not say. */
	readonly retryAfterMs: number | undefined;

	constructor(
		code: "UNREACHABLE" | "FAILED",
		message: string,
		options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {},
	) {
		super(code, message, "cause" in options ? { cause: options.cause } : undefined);
		this.retryAfterMs = options.retryAfterMs;
	}
}
