import { CodedError } from "#/lib/coded-error.ts";

/** A patch that cannot be applied. INVALID: it is no such patch, or does not fit the object. TEST_FAILED: a `test` of a JSON patch does not hold. */
export class PatchError extends CodedError<"INVALID" | "TEST_FAILED"> {
	override readonly name = "PatchError";
}
