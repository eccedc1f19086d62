import { CodedError } from "#/lib/coded-error.ts";

/** Why a link to a data plane ended. STALE: another control plane has begun a later epoch. */
export class PlaneError extends CodedError<"STALE"> {
	override readonly name = "PlaneError";
}
