import type { RecordOf } from "#/metadata/records.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emptyRepository } from "#/metadata/sql/gc/empty-repository.ts";
import { isEmpty } from "#/metadata/sql/repositories/drop-repositories.ts";
import {
	countPublished,
	FACT_COLUMNS,
	insertRepository,
	removeRepository,
	toFacts,
} from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import { projectOf } from "#/oci/name.ts";

/** The repository of a record, in a deleted project too; undefined when it is not there. */
export function* findRestored(name: string): Step<RepositoryFacts | undefined> {
	const row = yield* first(
		`SELECT ${FACT_COLUMNS} FROM repositories r JOIN projects p ON p.id = r.project_id WHERE r.name = ?`,
		name,
	);
	return row && toFacts(row);
}

/**
 * The repository of a record that puts something into it. It is not there where the snapshot was taken when it had been
 * dropped, or its project emptied: it comes back until the record of that. Throws when no record made the project.
 */
export function* restoredRepository(
	{ repository: name, actor }: { readonly repository: string; readonly actor: string },
	row: JournalRecord,
	context: StepContext,
): Step<RepositoryFacts> {
	const present = yield* findRestored(name);
	if (present !== undefined) return present;
	const created = { kind: "repository-created", repository: name, project: projectOf(name), actor } as const;
	yield* createRestored(created, row, context);
	const repository = yield* findRestored(name);
	if (repository === undefined) throw new Error(`the repository ${name} could not be made`);
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

/**
 * Whether a record of a repository, from the journal of `store`, is about what there is: a repository that has gone to
 * another store is told of by that one's journal, wholly.
 */
export function* isFromElsewhere(name: string, store: string): Step<boolean> {
	const row = yield* first("SELECT store, placement FROM repositories WHERE name = ?", name);
	return row !== undefined && textOf(row, "store") !== store && intOf(row, "placement") > 0;
}

/** Takes away what another store's journal told of a repository that has come into this one since. */
function* dropElsewhere(
	name: string,
	{ store, placement }: { readonly store: string; readonly placement: number },
	context: StepContext,
): Step<void> {
	const known = yield* first("SELECT id, store, placement FROM repositories WHERE name = ?", name);
	if (known === undefined || textOf(known, "store") === store || intOf(known, "placement") >= placement) return;
	while (!(yield* emptyRepository(intOf(known, "id"), DROPPED_AT_ONCE, context)).gone);
}

/** Rows that are taken out at once. */
const DROPPED_AT_ONCE = 1_000;

/** Makes a repository that is not there, in the store of its record. */
export function* createRestored(
	record: RecordOf<"repository-created">,
	{ store, at }: JournalRecord,
	context: StepContext,
): Step<void> {
	const project = yield* first("SELECT id FROM projects WHERE name = ?", record.project);
	if (project === undefined) throw new Error(`no record made the project ${record.project}`);
	const publishedAt = record.publishedAt ?? null;
	const placement = record.placement ?? 0;
	const row = { name: record.repository, projectId: intOf(project, "id"), store, publishedAt, placement };
	yield* dropElsewhere(record.repository, { store, placement }, context);
	if (!(yield* insertRepository(row, at))) return;
	const repository = yield* findRestored(record.repository);
	if (repository === undefined) return;
	const { moves = 0, movedAt = 0 } = record;
	yield* all("UPDATE repositories SET moves = ?, moved_at = ? WHERE id = ?", moves, movedAt, repository.id);
	yield* addUsage(repository, { repositories: 1 });
	if (repository.published) yield* countPublished(repository, context);
}
