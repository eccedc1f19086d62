import type { Access, Action } from "./access.ts";
import type { Attempt, AttemptOutcome, Credentials } from "./credentials.ts";
import type { Identity } from "./identity.ts";
import type { ProjectRulebook } from "./project-rulebook.ts";
import type { RefreshTokens } from "./refresh-tokens.ts";
import { formatScopes, parseScopes, type Scopes } from "./scopes.ts";
import { ANONYMOUS, principalOf, type Subject } from "./subject.ts";
import type { IssuedToken, Tokens } from "./tokens.ts";

/** What {@link TokenService} works with. */
export interface TokenServiceDeps {
	readonly credentials: Credentials;
	readonly rulebook: ProjectRulebook;
	readonly tokens: Pick<Tokens<Access>, "issue">;
	readonly refreshTokens: RefreshTokens;
}

/** What a token is asked for. */
export interface TokenRequest {
	/** Absent: nobody in particular. */
	readonly identity: Identity | undefined;
	/** Texts of scopes, see `scopes.ts`. */
	readonly scopes: readonly string[];
	/** Whether a refresh token is wanted, too; only an identity gets one, and only one that lasts. */
	readonly offline: boolean;
}

/** What is handed out. */
export interface TokenGrant extends IssuedToken {
	/** What was granted, of what was asked for. */
	readonly scope: string;
	readonly refreshToken: string | undefined;
}

/** Hands out tokens (distribution's token authentication specification), knowing no HTTP. */
export class TokenService {
	readonly #deps: TokenServiceDeps;

	constructor(deps: TokenServiceDeps) {
		this.#deps = deps;
	}

	/** Looks at a user name with password or secret; throws as `Credentials.check` does. */
	authenticate(attempt: Attempt, signal: AbortSignal): Promise<AttemptOutcome> {
		return this.#deps.credentials.check(attempt, signal);
	}

	/** Whose refresh token it is; undefined when it is not good. */
	redeem(refreshToken: string, signal: AbortSignal): Promise<Identity | undefined> {
		return this.#deps.refreshTokens.redeem(refreshToken, signal);
	}

	/** A token for what is both asked for and allowed, which may be nothing. */
	async grant({ identity, scopes, offline }: TokenRequest, signal: AbortSignal): Promise<TokenGrant> {
		const subject = identity?.subject ?? ANONYMOUS;
		const granted = await this.#allowed(subject, parseScopes(scopes));
		signal.throwIfAborted();
		// What rests on a token of somebody else ends with that token.
		const isLasting = identity !== undefined && identity.lasts === undefined;
		const refreshToken = offline && isLasting ? await this.#deps.refreshTokens.issue(identity) : undefined;
		const issued = await this.#deps.tokens.issue(principalOf(subject), granted, identity?.lasts);
		return { ...issued, scope: formatScopes(granted), refreshToken };
	}

	async #allowed(subject: Subject, asked: Scopes): Promise<Scopes> {
		const repositories = new Map<string, Set<Action>>();
		for (const [name, actions] of asked.repositories) {
			const allowed = new Set<Action>();
			for (const action of actions) {
				if (await this.#deps.rulebook.allows(subject, action, name)) allowed.add(action);
			}
			repositories.set(name, allowed);
		}
		return { repositories, catalog: asked.catalog };
	}
}
