import type { Access, Authentication, Authenticator } from "./access.ts";
import { isBasic, parseBasic } from "./basic-credentials.ts";
import type { Credentials } from "./credentials.ts";
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

/** Makes an {@link Authenticator} for Bearer tokens, Basic credentials and requests without either. */
export const createAuthenticator = (deps: AuthenticatorDeps, opts: AuthenticatorOpts = {}): Authenticator => {
	const { credentials, rulebook, tokens } = deps;
	const anonymous: Authentication = { access: new SubjectAccess(ANONYMOUS, rulebook) };

	const byToken = async (token: string): Promise<Authentication> => {
		const verified = tokens.verify(token);
		const access = verified instanceof Promise ? await verified : verified;
		return access === undefined ? { failed: "the token is not valid, or expired" } : { access };
	};

	const byBasic = async (
		authorization: string,
		address: string | undefined,
		signal: AbortSignal,
	): Promise<Authentication> => {
		if (opts.basic === false) return { failed: "Basic credentials are taken by the token service only" };
		const given = parseBasic(authorization);
		if (given === undefined) return { failed: "the Basic credentials are malformed" };
		const outcome = await credentials.check({ ...given, address }, signal);
		if ("failed" in outcome) return outcome;
		return { access: new SubjectAccess(outcome.identity.subject, rulebook) };
	};

	return {
		async authenticate(authorization, signal, address) {
			if (authorization === undefined) return anonymous;
			if (BEARER.test(authorization)) return byToken(authorization.replace(BEARER, ""));
			if (isBasic(authorization)) return byBasic(authorization, address, signal);
			return { failed: "the Authorization header is of no known scheme" };
		},
	};
};
