import type { Access, Authentication, Authenticator } from "./access.ts";
import { isBasic, parseBasic } from "./basic-credentials.ts";
import type { Attempt, Credentials } from "./credentials.ts";
import type { ProjectRulebook } from "./project-rulebook.ts";
import { ANONYMOUS } from "./subject.ts";
import { SubjectAccess } from "./subject-access.ts";
import type { Tokens } from "./tokens.ts";

/** What the authenticator works with. */
export interface AuthenticatorDeps {
	readonly credentials: Credentials;
	readonly rulebook: ProjectRulebook;
	readonly tokens: Pick<Tokens<Access>, "verify">;
}

/** Settings of the authenticator. */
export interface AuthenticatorOpts {
	/** Whether user name and password are taken directly, besides tokens. @defaultValue true */
	readonly basic?: boolean | undefined;
}

const BEARER = /^bearer +/i;
/** How clients write it; anything else that the grammar allows takes longer. */
const USUAL_BEARER = "Bearer ";

const INVALID_TOKEN: Authentication = { failed: "the token is not valid, or expired" };

/** Makes an {@link Authenticator} for Bearer tokens, Basic credentials and requests without either. */
export const createAuthenticator = (deps: AuthenticatorDeps, opts: AuthenticatorOpts = {}): Authenticator => {
	const { credentials, rulebook, tokens } = deps;
	const anonymous = Promise.resolve<Authentication>({ access: new SubjectAccess(ANONYMOUS, rulebook) });

	const byToken = (token: string): Promise<Authentication> => {
		const verified = tokens.verify(token);
		return verified instanceof Promise ? verified.then(toAuthentication) : Promise.resolve(toAuthentication(verified));
	};

	const byBasic = async (attempt: Attempt | undefined, signal: AbortSignal): Promise<Authentication> => {
		if (opts.basic === false) return { failed: "Basic credentials are taken by the token service only" };
		if (attempt === undefined) return { failed: "the Basic credentials are malformed" };
		const outcome = await credentials.check(attempt, signal);
		if ("failed" in outcome) return outcome;
		return { access: new SubjectAccess(outcome.identity.subject, rulebook) };
	};

	return {
		authenticate(authorization, signal, address) {
			if (authorization === undefined) return anonymous;
			if (authorization.startsWith(USUAL_BEARER)) return byToken(authorization.slice(USUAL_BEARER.length));
			if (BEARER.test(authorization)) return byToken(authorization.replace(BEARER, ""));
			if (!isBasic(authorization)) {
				return Promise.resolve({ failed: "the Authorization header is of no known scheme" });
			}
			const given = parseBasic(authorization);
			return byBasic(given && { ...given, address }, signal);
		},
	};
};

const toAuthentication = (access: Access | undefined): Authentication =>
	access === undefined ? INVALID_TOKEN : { access };
