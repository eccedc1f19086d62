import { json, type Reply } from "#/http/reply.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { formatErrors, OciError } from "#/oci/error.ts";

/** How soon a client should come back after an overload or an outage, in seconds. */
const RETRY_AFTER = "1";

/**
 * The reply that tells a client of a failure. Errors that are not ours become UNKNOWN with the request's id, by which
 * the log tells more; their text stays here.
 */
export const toReply = (error: unknown, requestId: string): Reply => {
	const known = error instanceof OciError ? error : toOciError(error, requestId);
	const headers = known.status === 429 || known.status === 503 ? ["Retry-After", RETRY_AFTER] : [];
	return json(known.status, formatErrors(known), headers);
};

const toOciError = (cause: unknown, requestId: string): OciError =>
	isOutage(cause)
		? new OciError("UNAVAILABLE", { cause })
		: new OciError("UNKNOWN", { detail: `request ${requestId}`, cause });

/** Whether metadata could not answer, which passes: what decides who may do what asks it without the registry between. */
export const isOutage = (error: unknown): boolean => error instanceof MetadataError && error.code === "UNAVAILABLE";
