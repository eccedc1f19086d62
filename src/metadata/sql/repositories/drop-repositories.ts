import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import { FACT_COLUMNS, removeRepository, toFacts } from "./repository-rows.ts";

/**
 * Drops those of the repositories that never had a manifest and have nothing in them, not even an upload. Whoever is
 * about to write into one holds or locks its row, so that it is either seen here, or meets no row and makes a new one.
 */
export function* dropEmptyRepositories(ids: readonly number[], actor: string, context: StepContext): Step<void> {
	const dropped: RepositoryFacts[] = [];
	for (const id of [...new Set(ids)].sort((a, b) => a - b)) {
		const row = yield* first(
			`SELECT ${FACT_COLUMNS} FROM (
				SELECT * FROM repositories WHERE id = ? AND published_at IS NULL${context.dialect.forUpdate}
			) r JOIN projects p ON p.id = r.project_id`,
			id,
		);
		if (row === undefined) continue;
		const repository = toFacts(row);
		// A statement of its own, so that it sees what was committed while it waited for the lock.
		if (!(yield* isEmpty(repository))) continue;
		yield* removeRepository(repository);
		const { name, project, store } = repository;
		yield* emit(context, store, { kind: "repository-removed", repository: name, project, actor });
		dropped.push(repository);
	}
	for (const repository of dropped) yield* addUsage(repository, { repositories: -1 });
}

/** Whether a locked repository has neither uploads nor content. */
export function* isEmpty({ id, projectId }: Pick<RepositoryFacts, "id" | "projectId">): Step<boolean> {
	const row = yield* first(
		`SELECT 1 AS used WHERE EXISTS (SELECT 1 FROM uploads WHERE project_id = ? AND repository_id = ?)
		OR EXISTS (SELECT 1 FROM repository_blobs WHERE repository_id = ?)
		OR EXISTS (SELECT 1 FROM manifests WHERE repository_id = ?)`,
		projectId,
		id,
		id,
		id,
	);
	return row === undefined;
}
