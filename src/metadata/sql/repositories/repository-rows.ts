import type { Refused } from "#/metadata/refusal.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { flagOf, intOf, maybeInt, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { projectOf } from "#/oci/name.ts";

/** The columns of {@link toFacts}, of a repository `r` and its project `p`. */
export const FACT_COLUMNS =
	"r.id AS repository_id, r.name AS repository, r.project_id, p.name AS project, p.visibility, r.store, p.sparse_indexes, p.quota_bytes, CASE WHEN r.published_at IS NULL THEN 0 ELSE 1 END AS published";

/** Neither the repository `r` nor its project `p` is deleted. */
export const visible = "r.deleted_at IS NULL AND p.deleted_at IS NULL";

/** A repository that was there but is not when it is locked was dropped in between, for want of content: seldom twice. */
const MAX_ATTEMPTS = 5;

const FIND = `SELECT ${FACT_COLUMNS} FROM repositories r JOIN projects p ON p.id = r.project_id WHERE r.name = ? AND ${visible}`;

/** What a row with {@link FACT_COLUMNS} says of its repository. */
export function toFacts(row: Row): RepositoryFacts {
	return {
		id: intOf(row, "repository_id"),
		name: textOf(row, "repository"),
		projectId: intOf(row, "project_id"),
		project: textOf(row, "project"),
		visibility: wordOf(row, "visibility", ["Private", "Internal", "Public"]),
		store: textOf(row, "store"),
		sparseIndexes: flagOf(row, "sparse_indexes"),
		quotaBytes: maybeInt(row, "quota_bytes"),
		published: flagOf(row, "published"),
	};
}

/** The repository of this name, not locked; undefined when there is none, or it or its project is deleted. */
export function* findRepository(name: string): Step<RepositoryFacts | undefined> {
	const row = yield* first(FIND, name);
	return row && toFacts(row);
}

/** The repository of this name, locked until the end of the command; undefined as with {@link findRepository}. */
export function* lockRepository(name: string, context: StepContext): Step<RepositoryFacts | undefined> {
	const row = yield* first(
		`SELECT ${FACT_COLUMNS} FROM (SELECT * FROM repositories WHERE name = ?${context.dialect.forNoKeyUpdate}) r
		JOIN projects p ON p.id = r.project_id WHERE ${visible}`,
		name,
	);
	return row && toFacts(row);
}

/** Keeps a repository from being dropped until the end of the command; false when it is gone already. */
export function* holdRepository(id: number, context: StepContext): Step<boolean> {
	return (yield* first(`SELECT id FROM repositories WHERE id = ?${context.dialect.forKeyShare}`, id)) !== undefined;
}

/** A repository that a command may write to; `created` when the command had to make it. */
export interface EnsuredRepository {
	readonly repository: RepositoryFacts;
	readonly created: boolean;
}

/**
 * Locks the repository, made if its project exists. The caller then decides: {@link keepRepository} before it writes
 * anything into it, or {@link abandonRepository}.
 */
export function* ensureRepository(name: string, context: StepContext): Step<EnsuredRepository | Refused> {
	const present = yield* lockRepository(name, context);
	if (present !== undefined) return { repository: present, created: false };
	const projectName = projectOf(name);
	// Shared: the project cannot be deleted meanwhile, but several repositories can be made in it.
	const project = yield* first(
		`SELECT id, store, revision, deleted_at FROM projects WHERE name = ?${context.dialect.forShare}`,
		projectName,
	);
	if (project === undefined || project.deleted_at !== null) {
		return { refused: { reason: "project-unknown", project: projectName } };
	}
	const row = {
		name,
		projectId: intOf(project, "id"),
		store: textOf(project, "store"),
		publishedAt: null,
		placement: intOf(project, "revision"),
	};
	for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
		const created = yield* insertRepository(row, context.now);
		const repository = yield* lockRepository(name, context);
		if (repository !== undefined) return { repository, created };
	}
	return { refused: { reason: "repository-unknown", repository: name } };
}

/** Records the repository if it was made just now; answers how many were, for the accounts. */
export function* keepRepository(
	{ repository, created }: EnsuredRepository,
	actor: string,
	context: StepContext,
): Step<number> {
	if (!created) return 0;
	const placed = yield* first("SELECT placement FROM repositories WHERE id = ?", repository.id);
	yield* emit(context, repository.store, {
		kind: "repository-created",
		repository: repository.name,
		project: repository.project,
		placement: placed === undefined ? 0 : intOf(placed, "placement"),
		actor,
	});
	return 1;
}

/** Leaves no trace of a repository that was made just now, since the command refuses. */
export function* abandonRepository({ repository, created }: EnsuredRepository): Step<void> {
	if (created) yield* removeRepository(repository);
}

/** Deletes the row of a repository that has nothing in it. */
export function* removeRepository({ id }: Pick<RepositoryFacts, "id">): Step<void> {
	yield* all("DELETE FROM repositories WHERE id = ?", id);
}

/** Makes a repository's row; false when the name is there already. */
export function* insertRepository(
	repository: {
		readonly name: string;
		readonly projectId: number;
		readonly store: string;
		readonly publishedAt: number | null;
		/** The project's revision: see the column. */
		readonly placement: number;
	},
	now: number,
): Step<boolean> {
	const row = yield* first(
		`INSERT INTO repositories (name, project_id, store, catalog_group, moves, moved_at, created_at, published_at,
			deleted_at, placement) VALUES (?, ?, ?, ?, 0, 0, ?, ?, NULL, ?) ON CONFLICT (name) DO NOTHING RETURNING id`,
		repository.name,
		repository.projectId,
		repository.store,
		catalogGroupOf(repository.name),
		now,
		repository.publishedAt,
		repository.placement,
	);
	return row !== undefined;
}

/**
 * Puts a locked repository into the catalog, from its first manifest on. `at` is the time of that, milliseconds since
 * the epoch.
 */
export function* publishRepository(repository: RepositoryFacts, at: number, context: StepContext): Step<void> {
	if (repository.published) return;
	yield* all("UPDATE repositories SET published_at = ? WHERE id = ?", at, repository.id);
	yield* countPublished(repository, context);
}

/** Counts a published repository in its group of the catalog. */
export function* countPublished(repository: RepositoryFacts, context: StepContext): Step<void> {
	// The deletion of the project changes its row and then unlists its groups: it comes wholly before or after this.
	const project = yield* first(
		`SELECT deleted_at FROM projects WHERE id = ?${context.dialect.forShare}`,
		repository.projectId,
	);
	yield* all(
		`INSERT INTO catalog_groups (prefix, project_id, repositories, listed) VALUES (?, ?, 1, ?)
		ON CONFLICT (prefix) DO UPDATE SET repositories = catalog_groups.repositories + 1`,
		catalogGroupOf(repository.name),
		repository.projectId,
		project?.deleted_at === null ? 1 : 0,
	);
}

/** Counts a published repository, which is gone, in its group of the catalog no more. */
export function* uncountPublished({ name }: Pick<RepositoryFacts, "name">): Step<void> {
	const prefix = catalogGroupOf(name);
	const row = yield* first(
		"UPDATE catalog_groups SET repositories = repositories - 1 WHERE prefix = ? RETURNING repositories",
		prefix,
	);
	if (row !== undefined && intOf(row, "repositories") === 0) {
		yield* all("DELETE FROM catalog_groups WHERE prefix = ?", prefix);
	}
}

/**
 * The name up to its first slash, that included, or the whole name. No such prefix opens another one's names, so in
 * the order of prefixes the repositories of one group stand together, in byte order over all groups.
 */
export function catalogGroupOf(name: string): string {
	const slash = name.indexOf("/");
	return slash === -1 ? name : name.slice(0, slash + 1);
}
