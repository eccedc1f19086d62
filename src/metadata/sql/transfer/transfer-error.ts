import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why a database is not taken to another one. REFUSED: the target holds something else. ARRIVED: the
 * same registry's metadata moved there before. FENCED: another process has taken
 * the target over. DIFFERENT: what was read back is not what was written. CLOCKS: the clocks of the two are too far apart.
 */
export type TransferErrorCode = "REFUSED" | "ARRIVED" | "FENCED" | "DIFFERENT" | "CLOCKS";

/** A transfer that cannot go on as it is. */
export class TransferError extends CodedError<TransferErrorCode> {
	override readonly name = "TransferError";
}
