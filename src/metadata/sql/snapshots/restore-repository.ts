import type { RecordOf } from "#/metadata/records.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { isEmpty } from "#/metadata/sql/repositories/drop-repositories.ts";
import {
	countPublished,
	FACT_COLUMNS,
	insertRepository,
	removeRepository,
	toFacts,
} from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";

/** The repository of a record, in a deleted project too; undefined when it is not there. */
export function* findRestored(name: string): Step<RepositoryFacts | undefined> {
	const row = yield* first(
		`SELECT ${FACT_COLUMNS} FROM repositories r JOIN projects p ON p.id = r.project_id WHERE r.name = ?`,
		name,
	);
	return row && toFacts(row);
}

/** The repository of a record. Throws when no record before made it. */
export function* restoredRepository(name: string): Step<RepositoryFacts> {
	const repository = yield* findRestored(name);
	if (repository === undefined) throw new Error(`no record made the repository ${name}`);
	return repository;
}

/** Drops a repository that has nothing in it; what was pushed since came with records of its own. */
export function* dropRestored(record: RecordOf<"repository-removed">): Step<void> {
	const row = yield* first("SELECT id, project_id, published_at FROM repositories WHERE name = ?", record.repository);
	if (row === undefined || row.published_at !== null) return;
	const repository = { id: intOf(row, "id"), projectId: intOf(row, "project_id") };
	if (!(yield* isEmpty(repository))) return;
	yield* removeRepository(repository);
	yield* addUsage(repository, { repositories: -1 });
}

/** Makes a repository that is not there, in the store of its record. */
export function* createRestored(
	record: RecordOf<"repository-created">,
	{ store, at }: JournalRecord,
	context: StepContext,
): Step<void> {
	const project = yield* first("SELECT id FROM projects WHERE name = ?", record.project);
	if (project === undefined) throw new Error(`no record made the project ${record.project}`);
	const publishedAt = record.publishedAt ?? null;
	const row = { name: record.repository, projectId: intOf(project, "id"), store, publishedAt };
	if (!(yield* insertRepository(row, at))) return;
	const repository = yield* restoredRepository(record.repository);
	yield* addUsage(repository, { repositories: 1 });
	if (repository.published) yield* countPublished(repository, context);
}
