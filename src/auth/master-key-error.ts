import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why the master key does not serve. ABSENT: no such file. UNREADABLE: it is there and cannot be read or made.
 * PERMISSIONS: others may read or change it. WRONG_SIZE: it does not hold exactly 32 bytes.
 * OTHER_KEY: what is to be opened was sealed by another key. CORRUPT: it was changed, or sealed for another purpose.
 * UNKNOWN_FORMAT: a newer release sealed it.
 */
export type MasterKeyErrorCode =
	| "ABSENT"
	| "UNREADABLE"
	| "PERMISSIONS"
	| "WRONG_SIZE"
	| "OTHER_KEY"
	| "CORRUPT"
	| "UNKNOWN_FORMAT";

/** A failure of the master key. Its message names the file, never the key. */
export class MasterKeyError extends CodedError<MasterKeyErrorCode> {
	override readonly name = "MasterKeyError";
}
