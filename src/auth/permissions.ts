import type { Project } from "#/metadata/projects.ts";
import type { Action } from "./access.ts";
import { roleAllows } from "./roles.ts";
import type { Subject } from "./subject.ts";

/** What a decision looks at of a project. */
export type ProjectRules = Pick<Project, "name" | "visibility" | "members">;

/** What is asked: may the subject do the action to a repository of the project? */
export interface Question {
	readonly subject: Subject;
	readonly project: ProjectRules;
	readonly action: Action;
	/** The full name, the project's included. */
	readonly repository: string;
}

/**
 * Whether it is allowed. Administrators may do everything; a Public project is pulled by anybody and an Internal one by
 * every identity; beyond that users need a role in the project, and robots a permission.
 */
export const decide = ({ subject, project, action, repository }: Question): boolean => {
	if (action === "pull" && isOpenTo(subject, project)) return true;
	switch (subject.kind) {
		case "anonymous":
			return false;
		case "user":
			return subject.admin || hasRole(subject.name, project, action);
		case "robot": {
			const below = repository.slice(project.name.length + 1);
			return subject.grants.some(
				({ actions, matchesProject, matchesRepository }) =>
					actions.includes(action) && matchesProject(project.name) && matchesRepository(below),
			);
		}
	}
};

/** Whether the subject may pull every repository of the project, those that are yet to come included. */
export const canPullAll = (subject: Subject, project: ProjectRules): boolean => {
	if (isOpenTo(subject, project)) return true;
	switch (subject.kind) {
		case "anonymous":
			return false;
		case "user":
			return subject.admin || hasRole(subject.name, project, "pull");
		case "robot":
			return subject.grants.some(
				({ actions, coversAll, matchesProject }) =>
					coversAll && actions.includes("pull") && matchesProject(project.name),
			);
	}
};

const isOpenTo = (subject: Subject, { visibility }: ProjectRules): boolean =>
	visibility === "Public" || (visibility === "Internal" && subject.kind !== "anonymous");

const hasRole = (user: string, { members }: ProjectRules, action: Action): boolean =>
	members.some(({ kind, name, role }) => kind === "User" && name === user && roleAllows(role, action));
