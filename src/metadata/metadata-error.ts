import { CodedError } from "#/lib/coded-error.ts";

/**
 * Why metadata could not answer. UNAVAILABLE: the database or its writer is away, try again.
 * FULL: no room on the database's disk. SCHEMA: the database was written by a newer or unknown release.
 */
export type MetadataErrorCode = "UNAVAILABLE" | "FULL" | "SCHEMA";

/** A metadata failure that is not a refusal. */
export class MetadataError extends CodedError<MetadataErrorCode> {
	override readonly name = "MetadataError";
}
