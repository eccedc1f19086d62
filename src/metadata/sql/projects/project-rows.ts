import { type ProjectSpec, projectSpec } from "#/api/project-spec.ts";
import { flagOf, intOf, jsonOf, maybeInt, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** A project as its row says, deleted or not. */
export interface ProjectRow extends ProjectSpec {
	readonly uid: string;
	readonly owner: string;
	readonly generation: number;
	/** The store that its repositories go to; absent: they are where they are to be. */
	readonly movingTo?: string | undefined;
	/** Counts the changes of the project. */
	readonly revision: number;
	/** Milliseconds since the epoch; undefined while it is there. */
	readonly deletedAt: number | undefined;
	/** How far what it had is gone for good; undefined while it is there, or can come back. */
	readonly removal: Removal | undefined;
}

/** `begun`: it is being emptied. `done`: nothing is left, and anybody may have the name. */
type Removal = (typeof REMOVALS)[number];

const REMOVALS = ["begun", "done"] as const;

/** What of a project is wanted, and not what became of it. */
export type WantedProject = Omit<ProjectRow, "deletedAt" | "removal">;

/** The columns of {@link toProjectRow}. */
export const PROJECT_COLUMNS =
	"uid, name, owner, visibility, store, sparse_indexes, members, quota_bytes, undo_window, immutability, generation, revision, created_at, deleted_at, removal, moving_to";

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
		...(row.moving_to === null ? {} : { movingTo: textOf(row, "moving_to") }),
		undoWindow: intOf(row, "undo_window"),
		immutability: projectSpec.shape.immutability.parse(jsonOf(row, "immutability")),
		generation: intOf(row, "generation"),
		revision: intOf(row, "revision"),
		deletedAt: row.deleted_at === null ? undefined : intOf(row, "deleted_at"),
		removal: row.removal === null ? undefined : wordOf(row, "removal", REMOVALS),
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
export function* writeProject(project: WantedProject, at: number): Step<void> {
	yield* all(
		`INSERT INTO projects (uid, name, owner, visibility, store, sparse_indexes, members, quota_bytes, undo_window,
			immutability, generation, revision, created_at, deleted_at, moving_to)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)
		ON CONFLICT (name) DO UPDATE SET uid = excluded.uid, owner = excluded.owner, visibility = excluded.visibility,
			store = excluded.store, sparse_indexes = excluded.sparse_indexes, members = excluded.members,
			quota_bytes = excluded.quota_bytes, undo_window = excluded.undo_window, immutability = excluded.immutability,
			generation = excluded.generation, revision = excluded.revision, deleted_at = NULL, removable_at = NULL,
			moving_to = excluded.moving_to,
			created_at = CASE WHEN projects.removal IS NULL THEN projects.created_at ELSE excluded.created_at END,
			removal = NULL`,
		project.uid,
		project.name,
		project.owner,
		project.visibility,
		project.store,
		project.sparseIndexes ? 1 : 0,
		JSON.stringify(project.members),
		project.quotaBytes ?? null,
		project.undoWindow,
		JSON.stringify(project.immutability),
		project.generation,
		project.revision,
		at,
		project.movingTo ?? null,
	);
	yield* list(project.name, 1);
}

/** Deletes a project: its repositories are hidden, its name stays claimed, until its window is over. */
export function* deleteProject(name: string, revision: number, at: number): Step<void> {
	yield* all(
		"UPDATE projects SET deleted_at = ?, removable_at = ? + undo_window, revision = ? WHERE name = ?",
		at,
		at,
		revision,
		name,
	);
	yield* list(name, 0);
}

/**
 * Begins to empty a deleted project, which cannot come back from here on. What it said of people goes at once.
 *
 * @param until when its window was over at the latest, milliseconds since the epoch
 */
export function* beginRemoval(name: string, revision: number, until: number): Step<void> {
	yield* all(
		`UPDATE projects SET removal = 'begun', moving_to = NULL, revision = ?, members = '[]', quota_bytes = NULL, immutability = '[]',
			deleted_at = COALESCE(deleted_at, ?), removable_at = COALESCE(removable_at, ?) WHERE name = ?`,
		revision,
		until,
		until,
		name,
	);
	yield* list(name, 0);
}

/** Nothing of a project is left: its name is free. */
export function* endRemoval(name: string): Step<void> {
	yield* all("DELETE FROM project_usage WHERE project_id = (SELECT id FROM projects WHERE name = ?)", name);
	yield* all("UPDATE projects SET removal = 'done', removable_at = NULL WHERE name = ?", name);
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
