import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why another registry did not do what it was asked. UNREACHABLE: no answer, or a broken one. REFUSED: it does not know
 * or allow who asks (401, 403). FAILED: 5xx, 429 after all retries. INVALID: an answer that is not what it should be
 * (digest mismatch, no JSON …), or a 4xx that asking again will not mend. FORBIDDEN: this registry may not connect there
 * (egress).
 */
export type RemoteErrorCode = "UNREACHABLE" | "REFUSED" | "FAILED" | "INVALID" | "FORBIDDEN";

/** A call to another registry that failed. The message says which registry, what was asked and what came; no secrets. */
export class RemoteError extends CodedError<RemoteErrorCode> {
	override readonly name = "RemoteError";
}
