import { formatBasicChallenge } from "#/auth/challenge.ts";
import { json, type Reply } from "#/http/reply.ts";
import { isOutage, toReply } from "#/http/v2/errors.ts";
import { OciError, type OciErrorCode } from "#/oci/error.ts";
import { OAuthError, type OAuthErrorCode } from "./oauth-error.ts";

/** How soon a client should come back after an outage, and after too many failures, in seconds. */
const RETRY_AFTER = { 429: "10", 503: "1" } as const;

/** The reply to a GET that failed, in the registry's form; a 401 asks for user name and password. */
export const toRegistryFailure = (error: unknown, requestId: string, service: string): Reply => {
	const reply = toReply(error, requestId);
	if (reply.status !== 401) return reply;
	return { ...reply, headers: [...reply.headers, "WWW-Authenticate", formatBasicChallenge(service)] };
};

/**
 * The reply to a POST that failed, in OAuth 2's form (RFC 6749 §5.2). The registry's form stands beside it, because
 * registry clients print that one.
 */
export const toOAuthFailure = (error: unknown, requestId: string): Reply => {
	const failure = toOAuthError(error, requestId);
	const { code, message, status } = failure;
	const errors = [{ code: REGISTRY_CODES[code], message }];
	const retry = status === 429 || status === 503 ? ["Retry-After", RETRY_AFTER[status]] : [];
	return json(status, { error: code, error_description: message, errors }, retry);
};

const REGISTRY_CODES: { readonly [C in OAuthErrorCode]: OciErrorCode } = {
	invalid_request: "UNSUPPORTED",
	invalid_grant: "UNAUTHORIZED",
	unsupported_grant_type: "UNSUPPORTED",
	temporarily_unavailable: "UNAVAILABLE",
	server_error: "UNKNOWN",
};

const toOAuthError = (error: unknown, requestId: string): OAuthError => {
	if (error instanceof OAuthError) return error;
	if (isOutage(error)) return new OAuthError("temporarily_unavailable", "the registry is temporarily unavailable");
	if (error instanceof OciError && (error.status === 429 || error.status === 503)) {
		return new OAuthError("temporarily_unavailable", error.message, { status: error.status });
	}
	return new OAuthError("server_error", `the registry failed at request ${requestId}`);
};
