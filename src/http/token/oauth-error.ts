import { CodedError } from "#/lib/coded-error.ts";

/** Codes of a token endpoint's failures (RFC 6749 §5.2), and of an endpoint that fails by itself (§4.1.2.1). */
const STATUS = {
	invalid_request: 400,
	// RFC 6749 leaves the status to us here: clients ask for new credentials on a 401 only.
	invalid_grant: 401,
	unsupported_grant_type: 400,
	temporarily_unavailable: 503,
	server_error: 500,
} as const;

/** See {@link OAuthError}. */
export type OAuthErrorCode = keyof typeof STATUS;

/** A failure of POST on the token endpoint, as OAuth 2 clients see it. */
export class OAuthError extends CodedError<OAuthErrorCode> {
	override readonly name = "OAuthError";
	/** The HTTP status to answer with. */
	readonly status: number;

	/**
	 * @param message sent as `error_description`
	 * @param options `status` where this case differs from the code's own; `cause` is logged, never sent
	 */
	constructor(code: OAuthErrorCode, message: string, options: { status?: number; cause?: unknown } = {}) {
		super(code, message, "cause" in options ? { cause: options.cause } : undefined);
		this.status = options.status ?? STATUS[code];
	}
}
