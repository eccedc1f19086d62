import { type ProjectSpec, projectSpec } from "#/api/project-spec.ts";
import { flagOf, intOf, jsonOf, maybeInt, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** A project as its row says, deleted or not. */
export interface ProjectRow extends ProjectSpec {
	readonly uid: string;
	readonly owner: string;
	readonly generation: number;
	/** Counts the changes of the project. */
	readonly revision: number;
	/** Milliseconds since the epoch; undefined while it is there. */
	readonly deletedAt: number | undefined;
}

/** The columns of {@link toProjectRow}. */
export const PROJECT_COLUMNS =
	"uid, name, owner, visibility, store, sparse_indexes, members, quota_bytes, undo_window, generation, revision, created_at, deleted_at";

/** A project's row in words. */
export function toProjectRow(row: Row): ProjectRow {
	const quotaBytes = maybeInt(row, "quota_bytes");
	return {
		uid: textOf(row, "uid"),
		name: textOf(row, "name"),
		owner: textOf(row, "owner"),
		visibility: wordOf(row, "visibility", ["Private", "Internal", "Public"]),
		store: textOf(row, "store"),
		sparseIndexes: flagOf(row, "sparse_indexes"),
		members: projectSpec.shape.members.parse(jsonOf(row, "members")),
		...(quotaBytes === undefined ? {} : { quotaBytes }),
		undoWindow: intOf(row, "undo_window"),
		generation: intOf(row, "generation"),
		revision: intOf(row, "revision"),
		deletedAt: row.deleted_at === null ? undefined : intOf(row, "deleted_at"),
	};
}

/** The project of this name or uid, deleted or not, locked until the end of the command. */
export function* lockProject(by: "name" | "uid", value: string, context: StepContext): Step<ProjectRow | undefined> {
	const row = yield* first(
		`SELECT ${PROJECT_COLUMNS} FROM projects WHERE ${by} = ?${context.dialect.forUpdate}`,
		value,
	);
	return row && toProjectRow(row);
}

/** Writes a project under its name: makes it, changes it, or brings it back. */
export function* writeProject(project: Omit<ProjectRow, "deletedAt">, at: number): Step<void> {
	yield* all(
		`INSERT INTO projects (uid, name, owner, visibility, store, sparse_indexes, members, quota_bytes, undo_window,
			generation, revision, created_at, deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)
		ON CONFLICT (name) DO UPDATE SET uid = excluded.uid, owner = excluded.owner, visibility = excluded.visibility,
			store = excluded.store, sparse_indexes = excluded.sparse_indexes, members = excluded.members,
			quota_bytes = excluded.quota_bytes, undo_window = excluded.undo_window,
			generation = excluded.generation, revision = excluded.revision, deleted_at = NULL`,
		project.uid,
		project.name,
		project.owner,
		project.visibility,
		project.store,
		project.sparseIndexes ? 1 : 0,
		JSON.stringify(project.members),
		project.quotaBytes ?? null,
		project.undoWindow,
		project.generation,
		project.revision,
		at,
	);
	yield* list(project.name, 1);
}

/** Deletes a project: its repositories are hidden, its name stays claimed. */
export function* deleteProject(name: string, revision: number, at: number): Step<void> {
	yield* all("UPDATE projects SET deleted_at = ?, revision = ? WHERE name = ?", at, revision, name);
	yield* list(name, 0);
}

/** Counts a change of a project that is none of its row. */
export function* reviseProject(name: string, revision: number): Step<void> {
	yield* all("UPDATE projects SET revision = ? WHERE name = ?", revision, name);
}

/** Shows or hides the project's groups in the catalog. */
function* list(name: string, listed: 0 | 1): Step<void> {
	yield* all(
		"UPDATE catalog_groups SET listed = ? WHERE project_id = (SELECT id FROM projects WHERE name = ?)",
		listed,
		name,
	);
}
