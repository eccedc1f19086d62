/** What a refused client is told. */
export interface Challenge {
	/** Absolute URL of the token endpoint, as the client can reach it. */
	readonly realm: string;
	/** The registry's name as a token's audience. */
	readonly service: string;
	/** What to ask for; absent where any token will do. */
	readonly scope?: string | undefined;
	/** What was wrong with the credentials that were given (RFC 6750 §3.1); absent when none were. */
	readonly error?: "invalid_token" | "insufficient_scope" | undefined;
	/** Whether user name and password are taken directly, too. */
	readonly basic: boolean;
}

/**
 * The values of the WWW-Authenticate headers of a 401, in order of preference: Bearer by way of the token endpoint
 * (RFC 6750 §3), then Basic (RFC 7617 §2). Each is a header field of its own: clients are bad at splitting lists.
 */
export const formatChallenges = (challenge: Challenge): readonly string[] => {
	const { realm, service, scope, error } = challenge;
	const bearer = Object.entries({ realm, service, scope, error })
		.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${quote(value)}`]))
		.join(",");
	return [`Bearer ${bearer}`, ...(challenge.basic ? [formatBasicChallenge(service)] : [])];
};

/** The value of WWW-Authenticate that asks for user name and password. */
export const formatBasicChallenge = (service: string): string => `Basic realm=${quote(service)},charset="UTF-8"`;

/** A quoted-string (RFC 9110 §5.6.4), without the characters that may not stand in a header. */
const quote = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, "").replace(/["\\]/g, "\\$&")}"`;
