import type { PolicyProjects } from "#/api/policy-selectors.ts";
import { compilePatterns } from "#/lib/doublestar.ts";
import type { RepositoryInProject } from "#/metadata/artifacts.ts";
import { textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { type CatalogInput, catalog } from "#/metadata/sql/repositories/repository-queries.ts";

/** What {@link listRepositories} takes. */
export interface RepositoriesInput {
	readonly projects: PolicyProjects;
	readonly last?: string | undefined;
	readonly limit: number;
}

/** A page of the repositories of projects: see `Artifacts.repositories`. */
export function* listRepositories(
	{ projects, last, limit }: RepositoriesInput,
	context: StepContext,
): Step<readonly RepositoryInProject[]> {
	const scope = "uids" in projects ? { projects: yield* namesOf(projects.uids, context) } : byName(projects.names);
	const names = yield* catalog({ scope, last, limit }, context);
	if (names.length === 0) return [];
	const rows = yield* all(
		`SELECT r.name, p.name AS project, p.uid FROM repositories r JOIN projects p ON p.id = r.project_id
		WHERE r.name ${anyOf(context)}`,
		JSON.stringify(names),
	);
	return rows
		.map((row) => ({
			repository: textOf(row, "name"),
			project: textOf(row, "project"),
			projectUid: textOf(row, "uid"),
		}))
		.toSorted((a, b) => (a.repository < b.repository ? -1 : 1));
}

const byName = (names: Parameters<typeof compilePatterns>[0]): CatalogInput["scope"] => ({
	isWanted: compilePatterns(names),
});

/** The names of those of the projects that are there, sorted. */
function* namesOf(uids: readonly string[], context: StepContext): Step<readonly string[]> {
	const rows = yield* all(
		`SELECT name FROM projects WHERE deleted_at IS NULL AND uid ${anyOf(context)}`,
		JSON.stringify(uids),
	);
	return rows.map((row) => textOf(row, "name")).toSorted();
}
