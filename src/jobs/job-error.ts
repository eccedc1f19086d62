import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why a policy is not run. UNKNOWN: there is none with this uid. SUSPENDED: it says that nothing is to be done.
 * BUSY: another process carries it out. LOST: another process took it over, or it is gone.
 */
export type JobErrorCode = "UNKNOWN" | "SUSPENDED" | "BUSY" | "LOST";

/** A policy is not run, or not any more. */
export class JobError extends CodedError<JobErrorCode> {
	override readonly name = "JobError";
}
