import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why a control call had no answer. UNAVAILABLE: not reached, or it failed; try again. UNAUTHORIZED: the token is not
 * the registry's. INVALID: the request breaks the contract, which trying again will not mend.
 */
export type ControlErrorCode = "UNAVAILABLE" | "UNAUTHORIZED" | "INVALID";

/** A control call without an answer. Refusals are answers, not errors. */
export class ControlError extends CodedError<ControlErrorCode> {
	override readonly name = "ControlError";
}
