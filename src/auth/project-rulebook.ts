import { FreshCache } from "#/lib/fresh-cache.ts";
import type { Project, Projects } from "#/metadata/projects.ts";
import type { CatalogScope } from "#/metadata/repositories.ts";
import { projectOf } from "#/oci/name.ts";
import type { Action } from "./access.ts";
import { canPullAll, decide } from "./permissions.ts";
import type { Subject } from "./subject.ts";

/** How old a project's rules may be when a decision rests on them: revocation is to work within 5 seconds. */
const MAX_AGE_MS = 5_000;
const MAX_PROJECTS = 4_096;
const MAX_SCOPES = 256;
const PROJECTS_PER_PAGE = 1_000;

/** What {@link ProjectRulebook} works with. */
export interface ProjectRulebookDeps {
	readonly projects: Projects;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
}

/** Settings of a {@link ProjectRulebook}. */
export interface ProjectRulebookOpts {
	/** Whether requests without credentials may pull from Public projects. @defaultValue true */
	readonly anonymousPull?: boolean;
}

/**
 * Decides by what projects say, read at most 5 seconds ago. Reads are shared by all who wait for them, so one caller
 * giving up does not stop them.
 */
export class ProjectRulebook {
	readonly #projects: Projects;
	readonly #anonymousPull: boolean;
	readonly #rules: FreshCache<string, Project>;
	readonly #scopes: FreshCache<string, CatalogScope>;

	constructor({ projects, now }: ProjectRulebookDeps, opts: ProjectRulebookOpts = {}) {
		this.#projects = projects;
		this.#anonymousPull = opts.anonymousPull ?? true;
		this.#rules = new FreshCache({ now }, { maxAgeMs: MAX_AGE_MS, maxEntries: MAX_PROJECTS });
		this.#scopes = new FreshCache({ now }, { maxAgeMs: MAX_AGE_MS, maxEntries: MAX_SCOPES });
	}

	/** Whether the subject may do the action to the repository. Not when there is no such project. */
	async allows(subject: Subject, action: Action, repository: string): Promise<boolean> {
		if (this.#shutsOut(subject)) return false;
		const name = projectOf(repository);
		const project = this.#rules.peek(name) ?? (await this.#rules.get(name, () => this.#projects.find(name)));
		return project !== undefined && decide({ subject, project, action, repository });
	}

	/** Whose repositories a catalog for the subject may show: those of projects in which it may pull everything. */
	async catalogScope(subject: Subject): Promise<CatalogScope> {
		if (subject.kind === "user" && subject.admin) return "all";
		if (this.#shutsOut(subject)) return { projects: [] };
		const key = subject.kind === "anonymous" ? subject.kind : `${subject.kind}:${subject.uid}`;
		return (await this.#scopes.get(key, () => this.#readScope(subject))) ?? { projects: [] };
	}

	async #readScope(subject: Subject): Promise<CatalogScope> {
		const names: string[] = [];
		let last: string | undefined;
		for (;;) {
			const page = await this.#projects.list({ last, limit: PROJECTS_PER_PAGE });
			for (const project of page) if (canPullAll(subject, project)) names.push(project.name);
			if (page.length < PROJECTS_PER_PAGE) return { projects: names };
			last = page.at(-1)?.name;
		}
	}

	#shutsOut(subject: Subject): boolean {
		return subject.kind === "anonymous" && !this.#anonymousPull;
	}
}
