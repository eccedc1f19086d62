import type { Identities } from "#/metadata/identities.ts";
import type { Access, Action, Principal } from "./access.ts";
import type { ProjectRulebook } from "./project-rulebook.ts";
import { recall } from "./recall.ts";
import type { Scopes } from "./scopes.ts";
import { ANONYMOUS, actorOf, type Subject } from "./subject.ts";
import type { TokenFacts } from "./tokens.ts";

/** What {@link TokenAccess} works with. */
export interface TokenAccessDeps {
	readonly rulebook: ProjectRulebook;
	readonly identities: Pick<Identities, "findUser" | "findRobot">;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
}

/** What a bearer token grants by itself; beyond that it lets pull what anybody may. Made once a token, used by many. */
export class TokenAccess implements Access {
	readonly principal: Principal;
	readonly actor: string;
	readonly #granted: Scopes;
	readonly #deps: TokenAccessDeps;

	constructor({ principal, granted }: TokenFacts, deps: TokenAccessDeps) {
		this.principal = principal;
		this.actor = actorOf(principal);
		this.#granted = granted;
		this.#deps = deps;
	}

	async allows(action: Action, repository: string): Promise<boolean> {
		if (this.#granted.repositories.get(repository)?.has(action)) return true;
		return action === "pull" && this.#deps.rulebook.allows(ANONYMOUS, action, repository);
	}

	async couldAllow(action: Action, repository: string, signal?: AbortSignal): Promise<boolean> {
		if (this.covers(repository)) return false;
		const subject = await this.#presentSubject(signal);
		return subject !== undefined && this.#deps.rulebook.allows(subject, action, repository);
	}

	covers(repository: string): boolean {
		return this.#granted.repositories.has(repository);
	}

	async catalog(signal?: AbortSignal): ReturnType<Access["catalog"]> {
		if (!this.#granted.catalog) return undefined;
		const subject = await this.#presentSubject(signal);
		return subject === undefined ? undefined : this.#deps.rulebook.catalogScope(subject);
	}

	async #presentSubject(signal: AbortSignal | undefined): Promise<Subject | undefined> {
		if (this.principal.kind === "anonymous") return ANONYMOUS;
		return (await recall(this.#deps.identities, this.principal, this.#deps.now(), signal))?.subject;
	}
}
