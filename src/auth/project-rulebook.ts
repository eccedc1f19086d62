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
const MAX_REFUSED = 1_024;
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
 *
 * How long a refusal takes does not tell whether there is such a project: the first one reads, whatever is known of
 * the project from what was allowed to others, and those of the next seconds do not. Names that do not exist have no
 * place among the projects, so asking for many of them makes nothing slower for those who are allowed.
 */
export class ProjectRulebook {
	readonly #projects: Projects;
	readonly #now: () => number;
	readonly #anonymousPull: boolean;
	#remembered: Remembered;

	constructor({ projects, now }: ProjectRulebookDeps, opts: ProjectRulebookOpts = {}) {
		this.#projects = projects;
		this.#anonymousPull = opts.anonymousPull ?? true;
		this.#now = now;
		this.#remembered = rememberNothing(now);
	}

	/** Decisions that are asked for from now on rest on what projects say from now on. */
	forget(): void {
		this.#remembered = rememberNothing(this.#now);
	}

	/**
	 * Whether the subject may do the action to the repository. Where there is no such project, only administrators may:
	 * the registry then tells them so, which it tells nobody else.
	 */
	async allows(subject: Subject, action: Action, repository: string): Promise<boolean> {
		if (isAdministrator(subject)) return true;
		if (this.#shutsOut(subject)) return false;
		const name = projectOf(repository);
		// Held on to: what is read now must not be remembered once it was to be forgotten.
		const { rules, refused } = this.#remembered;
		const known = rules.peek(name);
		if (known !== undefined && decide({ subject, project: known, action, repository })) return true;
		const exists = refused.peek(name);
		if (exists !== undefined && exists === (known !== undefined)) return false;
		const readAt = this.#now();
		const project = await rules.reread(name, () => this.#projects.find(name));
		if (project !== undefined && decide({ subject, project, action, repository })) return true;
		refused.keep(name, project !== undefined, readAt);
		return false;
	}

	/** Whose repositories a catalog for the subject may show: those of projects in which it may pull everything. */
	async catalogScope(subject: Subject): Promise<CatalogScope> {
		if (isAdministrator(subject)) return "all";
		if (this.#shutsOut(subject)) return { projects: [] };
		const key = subject.kind === "anonymous" ? subject.kind : `${subject.kind}:${subject.uid}`;
		return (await this.#remembered.scopes.get(key, () => this.#readScope(subject))) ?? { projects: [] };
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

interface Remembered {
	readonly rules: FreshCache<string, Project>;
	/** Projects that somebody was refused, by name, with whether there is such a project. */
	readonly refused: FreshCache<string, boolean>;
	readonly scopes: FreshCache<string, CatalogScope>;
}

const rememberNothing = (now: () => number): Remembered => ({
	rules: new FreshCache({ now }, { maxAgeMs: MAX_AGE_MS, maxEntries: MAX_PROJECTS }),
	refused: new FreshCache({ now }, { maxAgeMs: MAX_AGE_MS, maxEntries: MAX_REFUSED }),
	scopes: new FreshCache({ now }, { maxAgeMs: MAX_AGE_MS, maxEntries: MAX_SCOPES }),
});

const isAdministrator = (subject: Subject): boolean => subject.kind === "user" && subject.admin;
