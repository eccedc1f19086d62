import type { Access, Action, Principal } from "./access.ts";
import type { ProjectRulebook } from "./project-rulebook.ts";
import { actorOf, principalOf, type Subject } from "./subject.ts";

/** What a subject may do by the projects' rules: the access of requests with Basic credentials. */
export class SubjectAccess implements Access {
	readonly principal: Principal;
	readonly actor: string;
	readonly #subject: Subject;
	readonly #rulebook: ProjectRulebook;

	constructor(subject: Subject, rulebook: ProjectRulebook) {
		this.principal = principalOf(subject);
		this.actor = actorOf(this.principal);
		this.#subject = subject;
		this.#rulebook = rulebook;
	}

	allows(action: Action, repository: string): Promise<boolean> {
		return this.#rulebook.allows(this.#subject, action, repository);
	}

	async couldAllow(): Promise<boolean> {
		return false;
	}

	covers(): boolean {
		return true;
	}

	/** Without credentials there is no catalog: clients that have some show them only when they are asked to. */
	async catalog(): ReturnType<Access["catalog"]> {
		return this.#subject.kind === "anonymous" ? undefined : this.#rulebook.catalogScope(this.#subject);
	}
}
