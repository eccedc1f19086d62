import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why there is no backup, or no restore. BUSY: another backup of this registry is being made, or
 * another process restores it. OTHER: the archive is
 * another registry's. SEALED: it is sealed and there is no key, or the other way round, or the key is another one.
 * CORRUPT: it does not hold what was written. INCOMPLETE: what is wanted is not all in it. NO_POINT: it does not reach
 * that instant. ABSENT: there is no such backup. NOT_EMPTY: what is to be restored into holds something. UNFINISHED: a
 * restore began and did not end. STALLED: the journal does not go on. LOST: another process took the work over, or may
 * have, for this one stood still for longer than its lease.
 */
export type BackupErrorCode =
	| "BUSY"
	| "OTHER"
	| "SEALED"
	| "CORRUPT"
	| "INCOMPLETE"
	| "NO_POINT"
	| "ABSENT"
	| "NOT_EMPTY"
	| "UNFINISHED"
	| "STALLED"
	| "LOST";

/** A backup or a restore did not come to its end. The message says what and where, for people. */
export class BackupError extends CodedError<BackupErrorCode> {
	override readonly name = "BackupError";
}

/** The same, where another failure lies underneath. */
export const backupError = (code: BackupErrorCode, message: string, cause: unknown): BackupError =>
	new BackupError(code, message, { cause });

/** Nothing was ever written where an archive is looked for. */
export const noArchive = (): BackupError =>
	new BackupError("ABSENT", "there is no archive in this place: nothing was ever backed up there");
