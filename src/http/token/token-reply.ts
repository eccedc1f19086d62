import type { TokenGrant } from "#/auth/token-service.ts";
import { json, type Reply } from "#/http/reply.ts";

/** The reply that hands out tokens; it is not to be kept by anything in between (RFC 6749 §5.1). */
export const toTokenReply = (
	{ token, expiresIn, issuedAt, scope, refreshToken }: TokenGrant,
	more: { readonly issued_token_type?: string } = {},
): Reply =>
	json(
		200,
		{
			token,
			access_token: token,
			token_type: "Bearer",
			expires_in: expiresIn,
			issued_at: new Date(issuedAt).toISOString(),
			scope,
			...more,
			...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
		},
		["Cache-Control", "no-store"],
	);
